//! Charts as inline SVG: positions across in per cent, so that they are as wide as the page lets them be while letters
//! keep their size.

pub(super) mod histogram;
pub(super) mod timeline;

/// The least round number (1, 2, 2.5, 5 times a power of ten) from `most` on, for the top of an axis.
fn round_up(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0];
    let fits = step
        .into_iter()
        .map(|step| step * power)
        .find(|top| *top >= most * 0.999_999);
    fits.unwrap_or(10.0 * power)
}

/// A number for a path or a position: two digits are finer than a pixel.
fn at(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let tops = [0.0, 0.3, 1.0, 1.2, 41.0, 99.0, 300.0, 1_001.0].map(round_up);
        assert_eq!(tops.map(at), ["1", "0.5", "1", "2", "50", "100", "500", "2000"]);
        assert_eq!([0.0, 12.5, 12.345].map(at), ["0", "12.5", "12.35"]);
    }
}
