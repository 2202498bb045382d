//! What one run of a scenario left, and that it all says the same.

use std::process::Command;

use serde_json::Value;

use super::net::Net;
use super::nginx::Folder;
use super::process::Live;

/// The reports on one run.
pub(crate) struct Figures {
    /// Of the capture.
    pub(crate) live: Value,
    /// Of the file that it recorded, by `read`.
    pub(crate) read: Value,
    /// Connections that the kernel of the capturing namespace began.
    pub(crate) opened: u64,
}

impl Figures {
    /// Captures in a namespace with `args` while `drive` runs and for so many seconds after it.
    pub(crate) fn capture(
        net: &Net,
        role: &str,
        folder: &Folder,
        args: &[&str],
        seconds: u32,
        drive: impl FnOnce(),
    ) -> Self {
        let file = folder.path("dump.pcapng");
        let before = net.active_opens(role);
        let args = [&["--json", "-w", &file][..], args].concat();
        let mut live = Live::start(net, role, &args);
        drive();
        for _ in 0..seconds {
            live.wait_for("handshakes/s");
        }
        let ended = live.stop();
        let read = Command::new(env!("CARGO_BIN_EXE_flowcheck"))
            .args(["read", &file, "--json"])
            .output()
            .expect("the binary runs");
        let figures = Self {
            live: ended.report(),
            read: serde_json::from_slice(&read.stdout).expect("a report"),
            opened: net.active_opens(role) - before,
        };
        assert_eq!(figures.live["capture"]["kernel_dropped"], 0);
        assert!(ended.said("packets captured") && ended.said("packets received by filter"));
        assert!(ended.said("0 packets dropped by kernel"));
        figures
    }

    /// The capture says what the servers, the kernel and the recording say.
    pub(crate) fn agree(&self, requests: u64, opened: u64) {
        let totals = &self.live["totals"];
        assert_eq!(totals["requests"]["total"], requests, "nginx's access log");
        assert_eq!(totals["responses"]["total"], requests, "nginx's access log");
        assert_eq!(
            totals["connections"]["opened"], opened,
            "the kernel's TcpActiveOpens"
        );
        let own = &self.live["host_view"][0]["counters"]["active_opens"];
        assert_eq!(*own, self.opened, "TcpActiveOpens as the report has it");
        for part in ["connections", "requests", "responses", "closes"] {
            assert_eq!(totals[part], self.read["totals"][part], "{part} of the recording");
        }
        agree_in_classes(&totals["classes"], &self.read["totals"]["classes"]);
        let packets = |report: &Value| report["capture"]["packets"].clone();
        assert_eq!(packets(&self.live), packets(&self.read));
        assert_eq!(self.live["verdict"]["status"], self.read["verdict"]["status"]);
    }

    pub(crate) fn leg(&self, server: &str) -> &Value {
        leg(&self.live, server)
    }

    /// The ids of the causes of a leg's closes and failed connects, and of its client's pool.
    pub(crate) fn causes(&self) -> Vec<&str> {
        let parts = ["legs", "pools"]
            .into_iter()
            .filter_map(|part| self.live[part].as_array());
        let causes = parts.flatten().filter_map(|part| part["causes"].as_array());
        causes
            .flatten()
            .filter_map(|cause| cause["id"].as_str())
            .collect()
    }

    /// TIME-WAIT of a host: what the packets let expect, and what its kernel has.
    pub(crate) fn time_wait(&self, address: &str) -> (u64, u64) {
        let mut hosts = self.live["hosts"].as_array().expect("hosts").iter();
        let host = hosts.find(|host| host["address"] == address).expect("a host");
        let of = |part: &str| host[part]["time_wait"].as_u64().expect("a number");
        (of("projection"), of("actual"))
    }
}

pub(crate) fn leg<'a>(report: &'a Value, server: &str) -> &'a Value {
    let mut legs = report["legs"].as_array().expect("legs").iter();
    let found = legs.find(|leg| leg["server"] == server);
    found.unwrap_or_else(|| panic!("no leg to {server}"))
}

/// The recording ends with its last packet, the capture when it is stopped: a connection that is open with one response may have
/// been idle for long enough by then to be unreused, and not yet in the recording. All other classes are the same.
fn agree_in_classes(live: &Value, read: &Value) {
    let count = |classes: &Value, class: &str| classes[class].as_u64().expect("a count");
    let settled = |classes: &Value| {
        let mut classes = classes.clone();
        classes["unreused"] = (count(&classes, "unreused") + count(&classes, "undetermined")).into();
        classes["undetermined"] = 0.into();
        classes
    };
    assert_eq!(settled(live), settled(read), "classes of the recording");
    assert!(
        count(live, "undetermined") <= count(read, "undetermined"),
        "the capture saw longer: {live} {read}"
    );
}
