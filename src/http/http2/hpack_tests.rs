//! The examples of RFC 7541 appendix C, and what no encoder sends.

use super::hpack::{Decoder, Fields, FirstField};
use super::huffman;
use crate::limits::{HPACK_TABLE_BYTES, TARGET_BYTES};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn text(value: Option<&[u8]>) -> &str {
    value.map_or("-", |value| std::str::from_utf8(value).unwrap())
}

/// Method, path, authority and status of a block of which all must be readable.
fn read(decoder: &mut Decoder, block: &str) -> (String, String, String, Option<u16>) {
    let fields = decoder.block(&hex(block));
    assert!(fields.whole, "{block}");
    assert_eq!(fields.first, FirstField::Pseudo, "{block}");
    (
        text(fields.method.as_deref()).to_owned(),
        text(fields.path.as_deref()).to_owned(),
        text(fields.authority.as_deref()).to_owned(),
        fields.status,
    )
}

/// Each block with its `:path`, and the sizes of the table's entries after it as the RFC lists them.
type Step<'a> = (&'a str, &'a str, &'a [usize]);

/// Appendices C.3 (plain) and C.4 (Huffman): three requests on one connection.
#[test]
fn requests_of_the_rfc() {
    let plain: [Step<'_>; 3] = [
        ("828684410f7777772e6578616d706c652e636f6d", "/", &[57]),
        ("828684be58086e6f2d6361636865", "/", &[53, 57]),
        (
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
            "/index.html",
            &[54, 53, 57],
        ),
    ];
    let coded: [Step<'_>; 3] = [
        ("828684418cf1e3c2e5f23a6ba0ab90f4ff", "/", &[57]),
        ("828684be5886a8eb10649cbf", "/", &[53, 57]),
        (
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
            "/index.html",
            &[54, 53, 57],
        ),
    ];
    for steps in [plain, coded] {
        let mut decoder = Decoder::default();
        for (block, path, sizes) in steps {
            let want = ("GET".into(), path.into(), "www.example.com".into(), None);
            assert_eq!(read(&mut decoder, block), want);
            assert_eq!(decoder.entry_sizes(), sizes);
        }
    }
}

/// Appendices C.5 (plain) and C.6 (Huffman): three responses through a table of 256 bytes, which drops entries.
#[test]
fn responses_of_the_rfc() {
    let plain = [
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e17\
         68747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d41\
         53444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
    ];
    let coded = [
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97\
         c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd\
         5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    ];
    for blocks in [plain, coded] {
        let mut decoder = Decoder::default();
        // A change of the size alone is no field.
        assert_eq!(decoder.block(&hex("3fe101")).first, FirstField::Unknown);
        let sizes: [&[usize]; 3] = [&[63, 65, 52, 42], &[42, 63, 65, 52], &[98, 52, 65]];
        for ((block, status), sizes) in blocks.into_iter().zip([302, 307, 200]).zip(sizes) {
            let want = ("-".into(), "-".into(), "-".into(), Some(status));
            assert_eq!(read(&mut decoder, block), want);
            assert_eq!(decoder.entry_sizes(), sizes);
        }
    }
}

/// Appendix C.2: a literal that is not indexed, and one that never is, leave the table as it is.
#[test]
fn literals_that_are_not_indexed() {
    let mut decoder = Decoder::default();
    let fields = decoder.block(&hex("040c2f73616d706c652f70617468"));
    assert_eq!(text(fields.path.as_deref()), "/sample/path");
    let fields = decoder.block(&hex("100870617373776f726406736563726574"));
    assert_eq!((fields.first, fields.whole), (FirstField::Regular, true));
    assert_eq!(decoder.kept(), 0);
}

#[test]
fn what_is_no_huffman_code() {
    let decode = |code: &str| {
        let mut out = String::new();
        huffman::decode(&hex(code), |byte| out.push(char::from(byte))).map(|length| {
            assert_eq!(length, out.chars().count());
            out
        })
    };
    assert_eq!(
        decode("f1e3c2e5f23a6ba0ab90f4ff").as_deref(),
        Some("www.example.com")
    );
    assert_eq!(decode("").as_deref(), Some(""));
    assert_eq!(decode("1f").as_deref(), Some("a"));
    // EOS itself, padding of a whole byte, padding with a zero in it (section 5.2).
    assert_eq!(decode("ffffffff"), None);
    assert_eq!(decode("6402ff"), None);
    assert_eq!(decode("1e"), None);
}

/// A capture that begins later, or lacks a block, tells what was entered since.
#[test]
fn a_table_of_which_the_older_part_is_not_known() {
    let mut decoder = Decoder::default();
    let fields = decoder.block(&hex("82c1c2"));
    assert_eq!((fields.whole, text(fields.method.as_deref())), (false, "GET"));
    assert_eq!(decoder.block(&hex("be")).first, FirstField::Unknown);
    // ":status: 302" is entered, then referred to; what is behind it stays unknown.
    assert_eq!(decoder.block(&hex("4803333032")).status, Some(302));
    assert_eq!(decoder.block(&hex("be")).status, Some(302));
    assert_eq!(decoder.block(&hex("bf")).status, None);
    decoder.forget();
    assert_eq!(decoder.block(&hex("be")), Fields::default());
}

#[test]
fn hostile_blocks() {
    let mut decoder = Decoder::default();
    // Index 0, an integer without end, strings beyond the block.
    for block in [
        "80",
        "ffffffffffff7f",
        "ff",
        "3fffffffff7f",
        "0485",
        "4005616263",
        "",
    ] {
        let fields = decoder.block(&hex(block));
        assert_eq!(fields.whole, block.is_empty(), "{block}");
    }
    // A table larger than the cap is followed as far as the cap goes, and said so.
    let fields = decoder.block(&hex("3fe1ffff03"));
    assert!(fields.table_capped && fields.whole);
    let entry = [&[0x41, 0x7f, 0x91, 0x06][..], &[b'h'; 912]].concat();
    for _ in 0..200 {
        let fields = decoder.block(&entry);
        assert!(fields.whole, "the length is 127 + 785");
        assert_eq!(fields.authority.map(|host| host.len()), Some(TARGET_BYTES));
        assert!(decoder.kept() <= HPACK_TABLE_BYTES);
    }
    assert!(decoder.kept() > HPACK_TABLE_BYTES / 2);
    // Statuses are three digits.
    for (digits, status) in [("+20", None), ("099", None), ("2000", None), ("599", Some(599))] {
        let block = [&[0x08, digits.len() as u8], digits.as_bytes()].concat();
        assert_eq!(decoder.block(&block).status, status, "{digits}");
    }
}
