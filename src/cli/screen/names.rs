//! Names of addresses: what /etc/hosts says. No query leaves the machine.

use std::fs;
use std::net::IpAddr;

use crate::tui::Names;

/// Names taken from a file of hosts at most.
const MOST: usize = 65_536;

pub(super) fn known() -> Names {
    parse(&fs::read_to_string("/etc/hosts").unwrap_or_default())
}

/// The first name of each address, hosts(5).
fn parse(text: &str) -> Names {
    let mut names = Names::new();
    for line in text.lines().take(MOST) {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
        if let (Some(address), Some(name)) = (address, words.next()) {
            names.entry(address).or_insert_with(|| name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_an_address_counts() {
        let names = parse(
            "# hosts\n127.0.0.1 localhost here\n\n10.0.0.1\tnginx # the proxy\n10.0.0.1 other\n::1\nx y\n",
        );
        let found: Vec<_> = names.values().map(String::as_str).collect();
        assert_eq!(found, ["nginx", "localhost"]);
    }
}
