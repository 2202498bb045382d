//! Ids of causes.

/// Names the causes once.
macro_rules! ids {
    ($($id:ident)*) => {
        /// A cause: N the client's requests, P its pool and its closes, T the server, R races, X connecting.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[expect(missing_docs, reason = "the catalogue says what each one is")]
        pub enum CauseId {
            $($id,)*
        }

        impl CauseId {
            /// Every cause.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            /// `N1`, as in every output.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$id => stringify!($id),)*
                }
            }
        }
    };
}

ids! {
    N1 N2 N3 N4 N5 N6 N7 N8 N9
    P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14 P15 P16 P17 P18 P19
    T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12
    R1 R2 R3
    X1 X2 X3 X4 X5 X6 X7 X8 X9 X10
}
