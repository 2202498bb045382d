//! Port numbers that a filter names: a hint at which end of a connection is the server.

/// The ports named after `port` in a filter's text, each once, in order; ranges and other names are ignored.
#[must_use]
pub fn ports(expression: &str) -> Vec<u16> {
    let spaced: String = expression.chars().flat_map(spread).collect();
    let mut found = Vec::new();
    let mut after_port = false;
    for word in spaced.split_whitespace() {
        match (word, port(word)) {
            ("port", _) => after_port = true,
            // `port 80 or 8080` repeats the qualifier for the second number.
            ("or" | "||" | "(" | ")", _) => {}
            (_, Some(number)) if after_port => {
                if !found.contains(&number) {
                    found.push(number);
                }
            }
            _ => after_port = false,
        }
    }
    found
}

/// Brackets stand alone even where they touch a word.
fn spread(character: char) -> impl Iterator<Item = char> {
    let padding = matches!(character, '(' | ')').then_some(' ');
    padding.into_iter().chain([character]).chain(padding)
}

fn port(word: &str) -> Option<u16> {
    match word {
        "http" => Some(80),
        "https" => Some(443),
        "http-alt" => Some(8080),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::ports;

    #[test]
    fn numbers_after_port_in_order() {
        assert_eq!(ports("tcp port 8080"), [8080]);
        assert_eq!(ports("src port 80 or dst port 8080 or port 80"), [80, 8080]);
        assert_eq!(ports("port 80 or 8080"), [80, 8080]);
        assert_eq!(
            ports("tcp and (port 80 or port (8081 or 8082))"),
            [80, 8081, 8082]
        );
        assert_eq!(ports("port http or port https or http-alt"), [80, 443, 8080]);
    }

    #[test]
    fn other_numbers_are_no_ports() {
        assert_eq!(ports(""), [0_u16; 0]);
        assert_eq!(
            ports("portrange 80-90 and host 10.0.0.1 and greater 1000 and vlan 80"),
            [0_u16; 0]
        );
        assert_eq!(ports("port 80 and vlan 100"), [80]);
        assert_eq!(ports("port 99999 or port domain"), [0_u16; 0]);
    }
}
