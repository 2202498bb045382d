//! Giving up what a capture does not need once its interfaces are open.
//!
//! In: a user's name, the folders that are to be written. Out: the process without root, without capabilities, without a
//! way back, and as far as the kernel can without write access elsewhere; and words on what was done.
//! May touch: nix, caps, landlock; user ids and capabilities of this process. Never: packets; threads (limits of a thread
//! hold for those it starts later, so all of this comes before the first).

mod sandbox;

use std::ffi::CString;

use caps::{CapSet, Capability, CapsHashSet};
use nix::errno::Errno;
use nix::sys::prctl::{set_keepcaps, set_no_new_privs};
use nix::unistd::{Gid, Uid, User, getegid, geteuid, initgroups, setresgid, setresuid, setuid};

pub use sandbox::sandbox;

/// Who captures when the superuser does not say.
const NOBODY: &str = "nobody";

/// Privileges that can't be given up.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// There is no such user.
    #[error("-Z {name}: no such user; name one that may write the files of -w, or root to stay root")]
    NoSuchUser {
        /// What was asked for.
        name: String,
    },
    /// Only the superuser can become another user.
    #[error("-Z {name}: only root can become another user; leave -Z out")]
    NotRoot {
        /// What was asked for.
        name: String,
    },
    /// A system call failed.
    #[error("cannot become user {name}: {what}: {error}; -Z root keeps root's privileges")]
    Refused {
        /// Who was to be.
        name: String,
        /// The step.
        what: &'static str,
        /// The system's answer.
        error: String,
    },
}

/// Who this process is after privileges were given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The user's name.
    pub name: String,
    /// Whether it is another than before.
    pub dropped: bool,
}

/// Becomes `user`, by default the one who called sudo, else nobody; without privileges there is nothing to become. The
/// capabilities go in any case, but for `-Z root` and for the one to open interfaces if it is to be kept, and so does any
/// way to new ones.
///
/// # Errors
/// No such user, or the kernel refused; the process may then have given up a part of its privileges.
pub fn drop_to(user: Option<&str>, keep_capture: bool) -> Result<Identity, PrivilegeError> {
    let present = geteuid();
    let target = target(user, present)?;
    let refused = |what| {
        let name = target.name.clone();
        move |error: Errno| PrivilegeError::Refused {
            name,
            what,
            error: error.desc().to_owned(),
        }
    };
    let dropped = target.uid != present;
    if dropped {
        set_keepcaps(keep_capture).map_err(refused("kept capabilities"))?;
        let name = CString::new(target.name.as_str()).unwrap_or_default();
        // Groups first, while there is still the right to change them.
        initgroups(&name, target.gid).map_err(refused("groups"))?;
        setresgid(target.gid, target.gid, target.gid).map_err(refused("group"))?;
        setresuid(target.uid, target.uid, target.uid).map_err(refused("user"))?;
        if setuid(Uid::from_raw(0)).is_ok() || geteuid() != target.uid || getegid() != target.gid {
            return Err(refused("root can be regained")(Errno::EPERM));
        }
    }
    if !target.uid.is_root() {
        reduce(keep_capture).map_err(|error| PrivilegeError::Refused {
            name: target.name.clone(),
            what: "capabilities",
            error: error.to_string(),
        })?;
    }
    set_no_new_privs().map_err(refused("no new privileges"))?;
    Ok(Identity {
        name: target.name,
        dropped,
    })
}

/// Gives up the capabilities, or all but the one to open interfaces.
fn reduce(keep_capture: bool) -> Result<(), caps::errors::CapsError> {
    for set in [CapSet::Ambient, CapSet::Inheritable, CapSet::Effective] {
        caps::clear(None, set)?;
    }
    let kept = keep_capture.then_some(Capability::CAP_NET_RAW);
    let kept: CapsHashSet = kept.into_iter().collect();
    caps::set(None, CapSet::Permitted, &kept)?;
    caps::set(None, CapSet::Effective, &kept)
}

struct Target {
    name: String,
    uid: Uid,
    gid: Gid,
}

fn target(user: Option<&str>, present: Uid) -> Result<Target, PrivilegeError> {
    let no_such = |name: &str| PrivilegeError::NoSuchUser {
        name: name.to_owned(),
    };
    let known = |user: User| Target {
        name: user.name,
        uid: user.uid,
        gid: user.gid,
    };
    if !present.is_root() {
        let own = User::from_uid(present).ok().flatten();
        let own = own.map_or_else(
            || Target {
                name: present.to_string(),
                uid: present,
                gid: getegid(),
            },
            known,
        );
        return match user {
            Some(name) if name != own.name => Err(PrivilegeError::NotRoot {
                name: name.to_owned(),
            }),
            _ => Ok(own),
        };
    }
    let by_name = |name: &str| User::from_name(name).ok().flatten().map(known);
    if let Some(name) = user {
        return by_name(name).ok_or_else(|| no_such(name));
    }
    let sudo = std::env::var("SUDO_UID").ok().and_then(|uid| uid.parse().ok());
    let sudo = sudo.map(Uid::from_raw).filter(|uid| !uid.is_root());
    let sudo = sudo.and_then(|uid| User::from_uid(uid).ok().flatten().map(known));
    sudo.or_else(|| by_name(NOBODY)).ok_or_else(|| no_such(NOBODY))
}
