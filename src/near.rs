//! What was perhaps meant by a name that nothing has.

/// `, perhaps "server"`, if a known name is near enough to be what was meant.
#[must_use]
pub fn perhaps<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let name = name.to_ascii_lowercase();
    let nearest = known
        .into_iter()
        .map(|other| (distance(&name, other), other))
        .min_by_key(|(distance, _)| *distance);
    let most = ((name.chars().count() + 1) / 3).max(1);
    match nearest {
        Some((distance, other)) if distance <= most => format!(", perhaps {other:?}"),
        _ => String::new(),
    }
}

/// How many characters must be added, left out, replaced or exchanged with their neighbour (the optimal string alignment
/// distance); of names longer than any of ours the beginning is compared.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = row[j] + usize::from(x != y);
            let mut least = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_changes() {
        for (a, b, expected) in [
            ("", "", 0),
            ("servr", "server", 1),
            ("clinet", "client", 1),
            ("id", "idle", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn only_what_is_near_is_meant() {
        let known = ["bond0", "eth0", "any"];
        assert_eq!(perhaps("bnod0", known), ", perhaps \"bond0\"");
        assert_eq!(perhaps("bond1", known), ", perhaps \"bond0\"");
        assert_eq!(perhaps("ehto0", known), ", perhaps \"eth0\"");
        assert_eq!(perhaps("enp3s0", known), "");
        assert_eq!(perhaps("eth", []), "");
    }
}
