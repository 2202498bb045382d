//! HPACK's Huffman code (RFC 7541 section 5.2).
//!
//! It is canonical: within a length the codes count up in the order of the symbols, so their lengths say all.

/// The length of each symbol's code in bits (appendix B); the last one is EOS.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];
const LONGEST: usize = 30;

/// For each length: the first code, how many there are, and where their symbols begin in [`SYMBOLS`].
const RANGES: [(u32, u32, u32); LONGEST + 1] = ranges();
/// The symbols in the order of their codes.
const SYMBOLS: [u16; 257] = symbols();

const fn ranges() -> [(u32, u32, u32); LONGEST + 1] {
    let mut out = [(0, 0, 0); LONGEST + 1];
    let (mut code, mut place, mut length) = (0, 0, 1);
    while length <= LONGEST {
        code <<= 1;
        let (mut count, mut symbol) = (0, 0);
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                count += 1;
            }
            symbol += 1;
        }
        out[length] = (code, count, place);
        code += count;
        place += count;
        length += 1;
    }
    out
}

const fn symbols() -> [u16; 257] {
    let mut out = [0; 257];
    let (mut place, mut length) = (0, 1);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                out[place] = symbol as u16;
                place += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    out
}

/// The shortest code.
const SHORTEST: usize = 5;

/// The symbol whose code begins the last `count` bits of `bits`, and its length; `None` if none is complete.
fn first_symbol(bits: u64, count: usize) -> Option<(u16, usize)> {
    for (length, (first, codes, place)) in RANGES.iter().enumerate().skip(SHORTEST) {
        let code = bits >> count.checked_sub(length)? & ((1 << length) - 1);
        let offset = (code as u32).wrapping_sub(*first);
        if offset < *codes {
            return SYMBOLS
                .get((place + offset) as usize)
                .map(|symbol| (*symbol, length));
        }
    }
    None
}

/// Decodes `bytes` and hands the text on byte by byte; returns how long it is, or `None` if `bytes` are no valid code.
pub(super) fn decode(bytes: &[u8], mut text: impl FnMut(u8)) -> Option<usize> {
    let (mut bits, mut count, mut length) = (0_u64, 0_usize, 0_usize);
    let mut rest = bytes.iter();
    loop {
        while count <= 56 {
            let Some(byte) = rest.next() else { break };
            bits = bits << 8 | u64::from(*byte);
            count += 8;
        }
        let Some((symbol, used)) = first_symbol(bits, count) else {
            break;
        };
        // EOS must not be encoded.
        text(u8::try_from(symbol).ok()?);
        length += 1;
        count -= used;
    }
    // Padding is the beginning of EOS: ones, fewer than eight.
    let padding = (1_u64 << count.min(8)) - 1;
    (count < 8 && bits & padding == padding).then_some(length)
}
