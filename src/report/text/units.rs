//! Numbers as people read them.

use crate::lang::of_them;
use crate::tr;

/// `59,157`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 request`, `2 requests`.
#[must_use]
pub fn counted(n: u64, one: &str, many: &str) -> String {
    of_them(&count(n), if n == 1 { one } else { many })
}

/// A share as `99.2 %`; what is not all never reads as `100.0 %`, what is not nothing never as `0.0 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        p if p > 0.0 && p < 0.1 => "<0.1 %".to_owned(),
        p if p < 100.0 && p > 99.9 => ">99.9 %".to_owned(),
        p => format!("{p:.1} %"),
    }
}

/// `part` of `whole` as a share; 0 of nothing.
#[must_use]
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// Microseconds as `240 us`, `3.20 ms`, `1.20 s`, `12.5 min`.
#[must_use]
pub fn span(us: f64) -> String {
    match us {
        us if us < 999.5 => format!("{us:.0} us"),
        us if us < 999_500.0 => format!("{} ms", three_digits(us / 1e3)),
        us if us < 600e6 => format!("{} s", three_digits(us / 1e6)),
        us => tr!("{n} min", n = three_digits(us / 60e6)),
    }
}

/// A number with three significant digits, no more than two after the point.
#[must_use]
pub fn three_digits(n: f64) -> String {
    match n {
        n if n < 9.995 => format!("{n:.2}"),
        n if n < 99.95 => format!("{n:.1}"),
        n => rounded(n),
    }
}

/// A number without digits after the point.
#[expect(clippy::cast_sign_loss, reason = "never below 0")]
#[must_use]
pub fn rounded(n: f64) -> String {
    count(n.round().max(0.0) as u64)
}

/// Bytes as `512 B`, `3.46 MB`.
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: [(&str, f64); 4] = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let n_float = n as f64;
    let unit = UNITS.into_iter().find(|(_, size)| n_float >= *size);
    unit.map_or_else(
        || format!("{n} B"),
        |(name, size)| format!("{} {name}", three_digits(n_float / size)),
    )
}

/// A bar of `width` columns at most, an eighth of a column fine.
#[expect(clippy::cast_sign_loss, reason = "the share is clamped")]
#[must_use]
pub fn bar(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { eighths };
    format!(
        "{}{}",
        "█".repeat(eighths / 8),
        EIGHTHS.get(eighths % 8).copied().unwrap_or_default()
    )
}

/// `values` as a row of little columns, at most `width` of them: the maximum of what falls together counts.
#[must_use]
pub fn sparkline(values: &[u64], width: usize) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let step = values.len().div_ceil(width.max(1)).max(1);
    let highs: Vec<u64> = values
        .chunks(step)
        .map(|part| part.iter().copied().max().unwrap_or(0))
        .collect();
    let top = highs.iter().copied().max().unwrap_or(0).max(1);
    let level = |n: u64| {
        LEVELS
            .get((n.saturating_mul(8).saturating_sub(1) / top) as usize)
            .copied()
    };
    highs
        .into_iter()
        .map(|n| if n == 0 { ' ' } else { level(n).unwrap_or('█') })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        assert_eq!(
            [0, 999, 1_000, 59_157, 1_234_567].map(count),
            ["0", "999", "1,000", "59,157", "1,234,567"]
        );
    }

    #[test]
    fn nearly_all_is_not_all() {
        let shares = [0.0, 1e-6, 0.5, 0.992, 0.999_999, 1.0].map(percent);
        assert_eq!(
            shares,
            ["0.0 %", "<0.1 %", "50.0 %", "99.2 %", ">99.9 %", "100.0 %"]
        );
    }

    #[test]
    fn spans_change_their_unit() {
        let spans = [0.0, 999.0, 999.9, 3_200.0, 999_900.0, 61e6, 3_600e6].map(span);
        assert_eq!(
            spans,
            [
                "0 us", "999 us", "1.00 ms", "3.20 ms", "1.00 s", "61.0 s", "60.0 min"
            ]
        );
        assert_eq!([999, 3_456_789].map(bytes), ["999 B", "3.46 MB"]);
    }

    #[test]
    fn bars_and_sparklines_fit() {
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(0.000_1, 4), "▏");
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(sparkline(&[0, 1, 4, 8], 10), " ▁▄█");
        assert_eq!(sparkline(&[1; 100], 10).chars().count(), 10);
        assert_eq!(sparkline(&[u64::MAX, 1], 10).chars().count(), 2);
    }
}
