//! `flowcheck interfaces`: what can be captured on, and why not if not.

use super::super::error::Error;
use super::super::exit::Exit;
use super::super::output::to_stdout;
use crate::frame::LinkType;
use crate::source::live::{Device, devices};

/// Lists the interfaces.
pub(in super::super) fn interfaces() -> Result<Exit, Error> {
    let devices = devices()?;
    to_stdout(|out| {
        for device in &devices {
            writeln!(out, "{}", line(device))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn line(device: &Device) -> String {
    let state = match (device.is_up, device.is_running) {
        (false, _) => "down",
        (true, false) => "up, no carrier",
        (true, true) => "up",
    };
    let mut parts = vec![state.to_owned()];
    parts.extend(device.link_type.map(LinkType::name));
    if let Some(master) = &device.master {
        parts.push(format!("part of {master}"));
    }
    if !device.slaves.is_empty() {
        parts.push(format!("bond of {}", device.slaves.join(" and ")));
    }
    if !device.addresses.is_empty() {
        let addresses: Vec<String> = device.addresses.iter().map(ToString::to_string).collect();
        parts.push(addresses.join(" "));
    }
    parts.push(match &device.problem {
        None => "can be captured on".to_owned(),
        Some(problem) => format!("can't be captured on: {problem}"),
    });
    format!("{:<15} {}", device.name, parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_known() {
        let device = Device {
            name: "bond0".to_owned(),
            addresses: vec!["10.0.0.1".parse().unwrap()],
            is_up: true,
            is_running: true,
            slaves: vec!["eth0".to_owned(), "eth1".to_owned()],
            link_type: Some(LinkType::ETHERNET),
            ..Device::default()
        };
        let expected = "bond0           up; EN10MB; bond of eth0 and eth1; 10.0.0.1; can be captured on";
        assert_eq!(line(&device), expected);
        let device = Device {
            name: "eth0".to_owned(),
            master: Some("bond0".to_owned()),
            problem: Some("needs CAP_NET_RAW".to_owned()),
            ..Device::default()
        };
        let expected = "eth0            down; part of bond0; can't be captured on: needs CAP_NET_RAW";
        assert_eq!(line(&device), expected);
    }
}
