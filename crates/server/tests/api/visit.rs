//! A plain visit, as a browser or a crawler makes it: a GET with the headers it likes, and all of
//! the answer. The client library speaks JSON only.

use std::collections::BTreeMap;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::town::{PATIENCE, Town};

/// An answer, whole.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }
}

/// `at`: a path, or an address of this server.
pub async fn visit(town: &Town, at: &str, headers: &[(&str, &str)]) -> Page {
    let base = format!("http://{}", town.addr());
    let path = at.strip_prefix(&base).unwrap_or(at);
    let mut request =
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", town.addr());
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(town.addr()).await.expect("connects");
    stream.write_all(format!("{request}\r\n").as_bytes()).await.expect("writes");
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    read.expect("in time").expect("reads");
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&bytes[..end]).expect("a head of text");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let pairs = lines.filter_map(|line| line.split_once(": "));
    Page {
        status: status.parse().expect("a number"),
        headers: pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        body: bytes[end + 4..].to_vec(),
    }
}
