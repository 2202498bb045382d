//! Limits of the capturing host's kernel that are near, in words.

use super::text::count;
use crate::diagnose::{Limit, Near};
use crate::lang::{of_them, tr};
use crate::tr;

/// One sentence without its full stop.
#[must_use]
pub fn words(near: &Near) -> String {
    let of = near
        .of
        .map_or_else(|| tr("an unknown number of").to_owned(), count);
    let used = near
        .used
        .map_or_else(|| tr("an unknown number").to_owned(), count);
    let refused = |what: &str| match near.refused {
        0 => String::new(),
        n => tr!(
            "; {refused} since the capture began",
            refused = of_them(&count(n), what)
        ),
    };
    match near.limit {
        Limit::Ports(leg) => {
            let others = near.used.unwrap_or(0).saturating_sub(near.time_wait);
            let others = match others {
                0 => String::new(),
                n => tr!(" and {n} open", n = count(n)),
            };
            tr!(
                "TIME-WAIT {n}{others} of {of} ports on {leg}",
                n = count(near.time_wait),
                others,
                of,
                leg
            )
        }
        Limit::TimeWaitBuckets => tr!(
            "TIME-WAIT {used} of {of} tcp_max_tw_buckets{refused}",
            used,
            of,
            refused = refused("more sockets found no place (TCPTimeWaitOverflow)")
        ),
        Limit::Conntrack => tr!(
            "connection tracking {used} of {of} entries (nf_conntrack_max){refused}",
            used,
            of,
            refused = refused("packets dropped or connections forgotten")
        ),
        Limit::ListenQueue => tr!(
            "a listening socket's queue was full {n} times since the capture began (ListenOverflows); net.core.somaxconn \
             is {of}, the application may ask for less",
            n = count(near.refused),
            of
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::LegName;

    fn near(limit: Limit, used: u64, time_wait: u64, of: u64, refused: u64) -> Near {
        Near {
            limit,
            used: Some(used),
            time_wait,
            of: Some(of),
            refused,
        }
    }

    #[test]
    fn a_limit_is_told_with_what_is_used_of_it() {
        let leg = LegName {
            client: Some("10.77.0.1".parse().unwrap()),
            server: Some(crate::classify::Endpoint {
                address: "10.77.0.11".parse().unwrap(),
                port: 8080,
            }),
        };
        assert_eq!(
            words(&near(Limit::Ports(leg), 28_011, 28_011, 28_232, 0)),
            "TIME-WAIT 28,011 of 28,232 ports on 10.77.0.1 -> 10.77.0.11:8080"
        );
        assert_eq!(
            words(&near(Limit::Ports(leg), 28_013, 28_011, 28_232, 0)),
            "TIME-WAIT 28,011 and 2 open of 28,232 ports on 10.77.0.1 -> 10.77.0.11:8080"
        );
        assert_eq!(
            words(&near(Limit::TimeWaitBuckets, 32_768, 32_768, 32_768, 1_200)),
            "TIME-WAIT 32,768 of 32,768 tcp_max_tw_buckets; 1,200 more sockets found no place (TCPTimeWaitOverflow) \
             since the capture began"
        );
        assert_eq!(
            words(&near(Limit::Conntrack, 250_000, 0, 262_144, 0)),
            "connection tracking 250,000 of 262,144 entries (nf_conntrack_max)"
        );
    }
}
