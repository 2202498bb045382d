//! The packet-conversation language as text: sections, statements, words.
//!
//! A file holds `[sections]`; each is one capture with its expectations. A statement ends at the end of its line or at
//! `;`, a block stands in braces, a comment starts with `#`. `tests/scenarios/README.md` lists the statements.

/// One capture and what is expected of it.
#[derive(Clone, Debug)]
pub struct Section {
    pub name: String,
    pub statements: Vec<Statement>,
    pub expects: Vec<Expectation>,
    /// Further arguments of `flowcheck read FILE`.
    pub args: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Statement {
    pub line: usize,
    pub words: Vec<Word>,
    pub block: Vec<Statement>,
}

/// `plain`, `"text"`, or `key="text"`.
#[derive(Clone, Debug)]
pub struct Word {
    pub plain: String,
    pub text: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct Expectation {
    pub line: usize,
    pub source: String,
}

/// The sections of a file; what stands before the first `[name]` belongs to a section without a name.
pub fn sections(source: &str) -> Vec<Section> {
    let mut chunks: Vec<(String, usize, String)> = Vec::new();
    for (index, line) in source.lines().enumerate() {
        let name = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(name) = name {
            chunks.push((name.to_owned(), index + 1, String::new()));
        } else {
            if chunks.is_empty() {
                chunks.push((String::new(), 0, String::new()));
            }
            let chunk = chunks.last_mut().expect("was just filled");
            chunk.2.push_str(line);
            chunk.2.push('\n');
        }
    }
    chunks
        .into_iter()
        .filter_map(|(name, first, body)| section(name, first, &body))
        .collect()
}

fn section(name: String, first: usize, body: &str) -> Option<Section> {
    let mut section = Section {
        name,
        statements: Vec::new(),
        expects: Vec::new(),
        args: Vec::new(),
    };
    let mut script = String::new();
    for (index, line) in body.lines().enumerate() {
        let trimmed = line.trim();
        if let Some(rest) = trimmed.strip_prefix("expect ") {
            let source = rest.split(" #").next().unwrap_or(rest).trim().to_owned();
            section.expects.push(Expectation {
                line: first + index + 1,
                source,
            });
            script.push('\n');
        } else if let Some(rest) = trimmed.strip_prefix("args ") {
            section.args.extend(
                rest.split(" #")
                    .next()
                    .unwrap_or(rest)
                    .split_whitespace()
                    .map(str::to_owned),
            );
            script.push('\n');
        } else {
            script.push_str(line);
            script.push('\n');
        }
    }
    let mut reader = Reader {
        rest: script.chars().collect(),
        at: 0,
        line: first + 1,
    };
    section.statements = reader.statements(false);
    (!section.statements.is_empty() || !section.expects.is_empty()).then_some(section)
}

struct Reader {
    rest: Vec<char>,
    at: usize,
    line: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn statements(&mut self, nested: bool) -> Vec<Statement> {
        let mut out = Vec::new();
        let mut statement = Statement {
            line: self.line,
            words: Vec::new(),
            block: Vec::new(),
        };
        loop {
            let line = self.line;
            match self.peek() {
                Some(c) if c != '\n' && c.is_whitespace() => {
                    self.next();
                }
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.next();
                    }
                }
                Some('{') => {
                    self.next();
                    statement.block = self.statements(true);
                }
                end @ (None | Some('\n' | ';' | '}')) => {
                    self.next();
                    let done = std::mem::replace(
                        &mut statement,
                        Statement {
                            line: self.line,
                            words: Vec::new(),
                            block: Vec::new(),
                        },
                    );
                    if !done.words.is_empty() {
                        out.push(done);
                    }
                    match end {
                        Some('}') if nested => return out,
                        Some('}') => panic!("line {line}: a brace too many"),
                        None if nested => panic!("line {line}: a brace is missing"),
                        None => return out,
                        _ => {}
                    }
                }
                Some(_) => {
                    if statement.words.is_empty() {
                        statement.line = line;
                    }
                    let word = self.word();
                    statement.words.push(word);
                }
            }
        }
    }

    fn word(&mut self) -> Word {
        let mut plain = String::new();
        while let Some(c) = self.peek() {
            if c == '"' {
                return Word {
                    plain,
                    text: Some(self.text()),
                };
            }
            if c.is_whitespace() || matches!(c, ';' | '{' | '}') {
                break;
            }
            plain.push(c);
            self.next();
        }
        Word { plain, text: None }
    }

    fn text(&mut self) -> Vec<u8> {
        let line = self.line;
        let mut out = Vec::new();
        self.next();
        loop {
            match self.next() {
                Some('"') => return out,
                Some('\\') => match self.next() {
                    Some('r') => out.push(b'\r'),
                    Some('n') => out.push(b'\n'),
                    Some('t') => out.push(b'\t'),
                    Some('0') => out.push(0),
                    Some(c @ ('"' | '\\')) => out.push(c as u8),
                    other => panic!("line {line}: unknown escape {other:?}"),
                },
                Some(c) => out.extend_from_slice(c.to_string().as_bytes()),
                None => panic!("line {line}: a text without its closing quote"),
            }
        }
    }
}
