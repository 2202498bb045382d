//! String literals of Rust source, with what their escapes stand for; not those of comments, attributes and tests.

/// The literals of `source` in order.
pub(crate) fn of(source: &str) -> Vec<String> {
    let source = source
        .split("\n#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        rest = if rest.starts_with("//") {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else if c == '\'' {
            after_quote(rest)
        } else if rest.starts_with("#[") || rest.starts_with("#![") {
            after_attribute(rest)
        } else if c == '"' {
            let (text, after) = literal(rest);
            found.push(text);
            after
        } else {
            &rest[c.len_utf8()..]
        };
    }
    found
}

/// Behind a character or a lifetime.
fn after_quote(text: &str) -> &str {
    let mut chars = text.char_indices().skip(1);
    let end = match chars.next() {
        Some((_, '\\')) => text.char_indices().skip(3).find(|(_, c)| *c == '\''),
        _ => chars.next().filter(|(_, c)| *c == '\''),
    };
    end.map_or(&text[1..], |(at, _)| &text[at + 1..])
}

fn after_attribute(text: &str) -> &str {
    let mut depth = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = match c {
            '"' => {
                rest = literal(rest).1;
                continue;
            }
            '[' => {
                depth += 1;
                &rest[1..]
            }
            ']' if depth == 1 => return &rest[1..],
            ']' => {
                depth -= 1;
                &rest[1..]
            }
            c => &rest[c.len_utf8()..],
        };
    }
    rest
}

/// The literal that `text` begins with, and what comes after it.
fn literal(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut rest = &text[1..];
    loop {
        let c = rest.chars().next().expect("literals end");
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => return (out, rest),
            '\\' => {
                let escape = rest.chars().next().expect("escapes are whole");
                rest = &rest[escape.len_utf8()..];
                match escape {
                    '\n' => rest = rest.trim_start(),
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'u' => {
                        let (code, after) = rest[1..].split_once('}').expect("escapes are whole");
                        let code = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
                        out.push(code.expect("a character"));
                        rest = after;
                    }
                    other => out.push(other),
                }
            }
            c => out.push(c),
        }
    }
}

#[test]
fn literals_are_found_whole() {
    let source = r#"
        #[expect(x, reason = "an [attribute]")]
        fn f<'a>(c: char) -> &'a str { // "a comment"
            let q = '"'; let n = '\''; let u = '\u{2192}';
            "one \"two\" \
             three \u{2192}"
        }
#[cfg(test)]
mod tests { const T: &str = "a test"; }
"#;
    assert_eq!(of(source), ["one \"two\" three →"]);
}
