//! The interfaces of this host.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use caps::{CapSet, Capability};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use pcap::Capture;

use super::error::{LiveError, reason};
use super::lane::link_type;
use crate::frame::LinkType;

/// All interfaces at once.
pub(super) const ANY: &str = "any";

/// An interface.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether it is switched on.
    pub is_up: bool,
    /// Whether it has a carrier.
    pub is_running: bool,
    /// The bond or bridge that it belongs to.
    pub master: Option<String>,
    /// The interfaces that belong to it, if it is a bond.
    pub slaves: Vec<String>,
    /// The link type it is captured with, where it could be opened.
    pub link_type: Option<LinkType>,
    /// Why it can't be captured on.
    pub problem: Option<String>,
}

/// The interfaces of this host, in the kernel's order, `any` last.
///
/// # Errors
/// What the system said.
pub fn devices() -> Result<Vec<Device>, LiveError> {
    let mut devices = states()?;
    devices.push(Device {
        name: ANY.to_owned(),
        is_up: true,
        is_running: true,
        ..Device::default()
    });
    for device in &mut devices {
        let folder = Path::new("/sys/class/net").join(&device.name);
        device.master = fs::read_link(folder.join("master"))
            .ok()
            .and_then(|master| Some(master.file_name()?.to_string_lossy().into_owned()));
        let slaves = fs::read_to_string(folder.join("bonding/slaves")).unwrap_or_default();
        device.slaves = slaves.split_whitespace().map(str::to_owned).collect();
        match try_open(&device.name) {
            Ok(link_type) => device.link_type = Some(link_type),
            Err(problem) => device.problem = Some(problem),
        }
    }
    Ok(devices)
}

/// The names of all interfaces, for messages.
pub(super) fn names() -> String {
    let mut names: Vec<String> = states()
        .unwrap_or_default()
        .into_iter()
        .map(|device| device.name)
        .collect();
    names.push(ANY.to_owned());
    names.join(", ")
}

/// Names, addresses and flags.
pub(super) fn states() -> Result<Vec<Device>, LiveError> {
    let mut devices: Vec<Device> = Vec::new();
    let known = getifaddrs().map_err(|error| LiveError::List(error.into()))?;
    for entry in known {
        let place = devices
            .iter()
            .position(|device| device.name == entry.interface_name);
        let place = place.unwrap_or_else(|| {
            devices.push(Device {
                name: entry.interface_name.clone(),
                is_up: entry.flags.contains(InterfaceFlags::IFF_UP),
                is_running: entry.flags.contains(InterfaceFlags::IFF_RUNNING),
                ..Device::default()
            });
            devices.len() - 1
        });
        let address = entry.address.and_then(|address| {
            let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
        });
        if let (Some(address), Some(device)) = (address, devices.get_mut(place)) {
            device.addresses.push(address);
        }
    }
    Ok(devices)
}

/// Whether this process may open interfaces.
pub(super) fn may_capture() -> bool {
    caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_RAW).unwrap_or(true)
}

fn try_open(name: &str) -> Result<LinkType, String> {
    if !may_capture() {
        return Err("needs CAP_NET_RAW".to_owned());
    }
    let opened = Capture::from_device(name).and_then(pcap::Capture::open);
    opened
        .map(|handle| link_type(handle.get_datalink()))
        .map_err(|error| reason(&error))
}
