//! Pages for browsers in Chinese.

use std::fs;

use super::{captures, flowcheck, made};

/// What a page shows or says when pointed at.
fn shown(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some((text, tag)) = rest.split_once('<') {
        out.push_str(text);
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        for name in ["title=\"", "aria-label=\"", "placeholder=\""] {
            if let Some((_, value)) = tag.split_once(name) {
                out.push('\n');
                out.push_str(value.split('"').next().unwrap_or_default());
            }
        }
        out.push('\n');
        let skipped = ["script", "style"].into_iter().find(|name| tag.starts_with(name));
        rest = match skipped {
            Some(name) => after
                .split_once(&format!("</{name}>"))
                .map_or("", |(_, after)| after),
            None => after,
        };
    }
    let out = out.replace("&quot;", "\"").replace("&lt;", "<");
    out.replace("&gt;", ">").replace("&amp;", "&")
}

/// The words of the pages of all captures, of some comparisons, and of what `merge` makes.
pub(crate) fn words(merge: &[&str]) -> String {
    let mut all = String::new();
    let file = made("page.html");
    let path = file.to_str().unwrap();
    let mut add = |args: &[&str]| {
        flowcheck(args);
        let page = fs::read_to_string(&file).unwrap();
        assert!(page.contains("<html lang=\"zh-CN\">"));
        let mut text = shown(&page).replace("default-src", "");
        for name in captures() {
            text = text.replace(&name, "");
        }
        all.push_str(&text);
    };
    let names = captures();
    for name in &names {
        add(&[
            "read",
            name,
            "--connections",
            "--expect",
            "requests>=0",
            "--lang",
            "zh",
            "--quiet",
            "--html",
            path,
        ]);
    }
    for (before, after) in names.iter().zip(names.iter().skip(1)) {
        add(&[
            "compare", before, after, "--lang", "zh", "--quiet", "--html", path,
        ]);
    }
    let mut merge = merge.to_vec();
    merge.extend(["--html", path]);
    add(&merge);
    fs::remove_file(&file).unwrap();
    all
}

#[test]
fn the_page_hands_its_script_the_words() {
    let file = made("script.html");
    let path = file.to_str().unwrap();
    flowcheck(&[
        "read",
        "churn.pcap",
        "--lang",
        "zh",
        "--html",
        path,
        "-o",
        "/dev/null",
    ]);
    let page = fs::read_to_string(&file).unwrap();
    assert!(
        page.contains("id=\"said\"") && page.contains("\"{n} of {all} rows\":\""),
        "no words for the script"
    );
    flowcheck(&["read", "churn.pcap", "--html", path, "-o", "/dev/null"]);
    assert!(!fs::read_to_string(&file).unwrap().contains("id=\"said\""));
    fs::remove_file(file).unwrap();
}
