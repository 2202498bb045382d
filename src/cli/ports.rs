//! The ports that a filter names: most likely the servers'.

/// Numbers after `port` in a BPF filter, and those that follow it after `or`; what stands after `not` is left out.
pub(super) fn of_filter(filter: &str) -> Vec<u16> {
    let spaced = filter
        .replace(['(', ')'], " ")
        .replace('!', " not ")
        .replace("||", " or ");
    let (mut ports, mut negated, mut after_port) = (Vec::new(), false, false);
    for word in spaced.split_whitespace() {
        match word {
            "not" => negated = true,
            "port" => after_port = true,
            "or" => {}
            number => match number.parse::<u16>() {
                Ok(port) if after_port && port != 0 => {
                    if !negated && !ports.contains(&port) {
                        ports.push(port);
                    }
                }
                _ => {
                    after_port = false;
                    negated &= matches!(number, "tcp" | "src" | "dst");
                }
            },
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_in_the_usual_filters() {
        assert_eq!(of_filter("tcp port 8080"), [8080]);
        assert_eq!(
            of_filter("host 10.0.0.1 and (port 80 or 8080 or port 443)"),
            [80, 8080, 443]
        );
        assert_eq!(of_filter("dst port 8009 and not port 22"), [8009]);
        assert_eq!(of_filter("!tcp port 22"), Vec::<u16>::new());
        assert_eq!(
            of_filter("portrange 1-100 and host 10 and port http"),
            Vec::<u16>::new()
        );
        assert_eq!(of_filter("not host 10.0.0.1 and port 80"), [80]);
    }
}
