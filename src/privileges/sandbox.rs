//! landlock: no writes but where recordings go, no programs started.

use std::path::Path;

use landlock::{
    ABI, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
};

/// The newest rights known here; a kernel that knows fewer enforces those.
const NEWEST: ABI = ABI::V5;

/// The terminal that a process belongs to, tty(4).
const TERMINAL: &str = "/dev/tty";

/// From here on nothing is written but below `writable` and to what is open already, and nothing executed. As far as the
/// kernel can: returns words on what it does.
#[must_use]
pub fn sandbox(writable: Option<&Path>) -> &'static str {
    match restrict(writable) {
        Ok(RulesetStatus::FullyEnforced) => "enforced by landlock: no writes elsewhere, no programs started",
        Ok(RulesetStatus::PartiallyEnforced) => "enforced by landlock as far as this kernel knows it",
        Ok(RulesetStatus::NotEnforced) => "not available: this kernel has no landlock",
        Err(_) => "not available: the kernel refused it",
    }
}

fn restrict(writable: Option<&Path>) -> Result<RulesetStatus, RulesetError> {
    let writes = AccessFs::from_write(NEWEST);
    let mut rules = Ruleset::default()
        .handle_access(writes | AccessFs::Execute)?
        .create()?;
    if let Some(folder) = writable.and_then(|folder| PathFd::new(folder).ok()) {
        rules = rules.add_rule(PathBeneath::new(folder, writes))?;
    }
    // The terminal is asked how large it is, again and again.
    if let Ok(terminal) = PathFd::new(TERMINAL) {
        rules = rules.add_rule(PathBeneath::new(terminal, AccessFs::IoctlDev))?;
    }
    Ok(rules.restrict_self()?.ruleset)
}
