//! A server in this process and a client that only knows bytes.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use flate2::{Decompress, FlushDecompress};
use proto::websocket::{
    Decoder, Event, Limits, Opcode, Role, encode,
    handshake::{self, HeadReader},
};
use serde_json::{Value, json};
use server::{
    config::{Config, StoreKind},
    run::{self, Running},
};
use zstd_safe::{DCtx, InBuffer, OutBuffer};

pub const SHARED: &str = "v=10&encoding=json&seq=shared";
const PATIENCE: Duration = Duration::from_secs(20);

pub struct House {
    runtime: tokio::runtime::Runtime,
    running: Option<Running>,
    config: Config,
    folder: PathBuf,
}

impl House {
    pub fn new(change: impl FnOnce(&mut Config)) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("osc-gateway-{}-{n}", std::process::id()));
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: folder.clone(),
            rate_limits: false,
            store: StoreKind::Memory,
            ..Config::default()
        };
        change(&mut config);
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build().expect("a runtime");
        let running = runtime.block_on(run::start(config.clone())).expect("it starts");
        config.listen = running.addr;
        Self { runtime, running: Some(running), config, folder }
    }

    pub fn on_disk() -> Self {
        Self::new(|config| config.store = StoreKind::Sqlite)
    }

    pub fn restart(&mut self) {
        let running = self.running.take().expect("it runs");
        self.runtime.block_on(running.stop()).expect("it stops");
        let running = self.runtime.block_on(run::start(self.config.clone()));
        self.running = Some(running.expect("it starts"));
    }

    pub fn addr(&self) -> SocketAddr {
        self.config.listen
    }

    /// What the server calls its cookie, by asking for one.
    pub fn cookie_name(&self) -> String {
        let own = format!("Origin: http://{}\r\nX-Osc-Client: web\r\n", self.addr());
        let body = json!({ "name": "Cookie" }).to_string();
        let head = self.request("POST", "/api/osc/v1/guests", &own, Some(&body)).1;
        let line = head.lines().find(|line| line.to_lowercase().starts_with("set-cookie:"));
        let line = line.expect("a cookie");
        let (_, cookie) = line.split_once(": ").expect("a header");
        cookie.split('=').next().expect("a name").to_owned()
    }

    pub fn guest(&self, name: &str) -> (String, String) {
        let body = json!({ "name": name });
        let (status, answer) = self.call("POST", "/api/osc/v1/guests", None, Some(&body));
        assert_eq!(status, 201, "{answer}");
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        (text(&answer["token"]), text(&answer["user"]["id"]))
    }

    /// A person with a public room: the token, and the room's text channel.
    pub fn room(&self) -> (String, Room) {
        let (token, _) = self.guest("Anna");
        let body = json!({ "name": "Room", "visibility": "public" });
        let (status, guild) = self.call("POST", "/api/osc/v1/guilds", Some(&token), Some(&body));
        assert_eq!(status, 201, "{guild}");
        let guild = guild["id"].as_str().expect("an id").to_owned();
        let path = format!("/api/v10/guilds/{guild}/channels");
        let channels = self.call("GET", &path, Some(&token), None).1;
        let channels = channels.as_array().expect("channels").iter();
        let mut text = channels.filter(|channel| channel["type"] == 0);
        let channel = text.next().expect("a text channel")["id"].as_str().expect("an id");
        let channel = channel.to_owned();
        (token, Room { guild, channel })
    }

    pub fn join(&self, token: &str, room: &Room) {
        let path = format!("/api/osc/v1/guilds/{}/join", room.guild);
        let (status, answer) = self.call("POST", &path, Some(token), Some(&json!({})));
        assert_eq!(status, 200, "{answer}");
    }

    pub fn say(&self, token: &str, room: &Room, content: &str) {
        let path = format!("/api/v10/channels/{}/messages", room.channel);
        let (status, answer) =
            self.call("POST", &path, Some(token), Some(&json!({ "content": content })));
        assert_eq!(status, 200, "{answer}");
    }

    pub fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let fields = token.map(|token| format!("Authorization: {token}\r\n")).unwrap_or_default();
        let body = body.map(Value::to_string);
        let (status, _, answer) = self.request(method, path, &fields, body.as_deref());
        (status, serde_json::from_str(&answer).unwrap_or_default())
    }

    /// A value out of `/metrics`.
    pub fn metric(&self, name: &str) -> u64 {
        let (status, _, text) = self.request("GET", "/metrics", "", None);
        assert_eq!(status, 200, "{text}");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).expect("a value")
    }

    /// Waits until a value is like this.
    pub fn until_metric(&self, name: &str, is: impl Fn(u64) -> bool) {
        let begun = Instant::now();
        while !is(self.metric(name)) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{name} is {}", self.metric(name));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        fields: &str,
        body: Option<&str>,
    ) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.addr()).expect("it listens");
        let body = body.unwrap_or_default();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{kind}\
             Content-Length: {}\r\n{fields}\r\n{body}",
            self.addr(),
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status"), head.to_owned(), body.to_owned())
    }

    pub fn dial(&self, query: &str) -> Raw {
        self.try_dial(query, &[]).expect("an upgrade")
    }

    /// A reader whose kernel takes little.
    pub fn dial_slow(&self, query: &str) -> Raw {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let socket = socket.expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        socket.connect(&self.addr().into()).expect("it listens");
        Raw::open(socket.into(), self.addr(), query, &[]).expect("an upgrade")
    }

    pub fn try_dial(&self, query: &str, fields: &[&str]) -> Result<Raw, u16> {
        let stream = TcpStream::connect(self.addr()).expect("it listens");
        Raw::open(stream, self.addr(), query, fields)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = self.runtime.block_on(running.stop());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub struct Room {
    pub guild: String,
    pub channel: String,
}

pub struct Raw {
    stream: TcpStream,
    decoder: Decoder,
    input: Vec<u8>,
    frames: std::collections::VecDeque<String>,
    unpack: Unpack,
    /// Messages that came packed.
    pub packed: usize,
    pub session: String,
    /// The last number, each greater than the one before.
    pub seq: u64,
    /// Dispatches so far.
    pub count: u64,
    pub code: Option<u16>,
    /// All that came, for what must not come.
    pub seen: String,
}

impl Raw {
    fn open(
        mut stream: TcpStream,
        addr: SocketAddr,
        query: &str,
        fields: &[&str],
    ) -> Result<Self, u16> {
        let key = handshake::key([7; 16]);
        let fields: Vec<_> =
            fields.iter().map(|field| field.split_once(": ").expect("a field")).collect();
        let target = format!("/gateway?{query}");
        let request = handshake::request(&addr.to_string(), &target, &key, &fields);
        stream.write_all(request.as_bytes()).expect("it reads");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        let mut reader = HeadReader::default();
        let mut buffer = [0; 4_096];
        let begun = Instant::now();
        let (head, rest) = loop {
            assert!(begun.elapsed() < PATIENCE, "no answer to the handshake");
            let Some(len) = read(&mut stream, &mut buffer) else { continue };
            if let Some(found) = reader.push(&buffer[..len]).expect("a head") {
                break found;
            }
        };
        match handshake::check_response(&head, &key) {
            Ok(()) => {}
            Err(handshake::Refusal::Status(status)) => return Err(status),
            Err(refusal) => panic!("{refusal}"),
        }
        Ok(Self {
            stream,
            decoder: Decoder::new(Role::Client, Limits::NONE),
            input: rest,
            frames: std::collections::VecDeque::new(),
            unpack: Unpack::Nothing,
            packed: 0,
            session: String::new(),
            seq: 0,
            count: 0,
            code: None,
            seen: String::new(),
        })
    }

    pub fn inflate(&mut self) {
        self.unpack = Unpack::Zlib(Decompress::new(true));
    }

    pub fn unzstd(&mut self) {
        self.unpack = Unpack::Zstd(DCtx::create());
    }

    pub fn unzip_each(&mut self) {
        self.unpack = Unpack::Each;
    }

    pub fn send(&mut self, payload: &[u8]) {
        // The server may have closed: what counts is how.
        let _ = self.stream.write_all(&encode::masked(Opcode::Text, payload, [1, 2, 3, 4]));
    }

    pub fn say(&mut self, frame: &Value) {
        self.send(frame.to_string().as_bytes());
    }

    pub fn identify(&mut self, token: &str, more: Value) {
        self.identify_with(token, 0x3ff_ffff, more);
    }

    pub fn identify_with(&mut self, token: &str, intents: u64, more: Value) {
        self.until_op(10);
        let mut d = json!({ "token": token, "intents": intents, "properties": {} });
        for (key, value) in more.as_object().expect("an object") {
            d[key] = value.clone();
        }
        self.say(&json!({ "op": 2, "d": d }));
        let ready = self.until("READY");
        self.session = ready["d"]["session_id"].as_str().expect("an id").to_owned();
    }

    /// On a socket that was greeted already.
    pub fn identify_on(&mut self, token: &str, _: Value) {
        self.say(&json!({ "op": 2, "d": { "token": token, "intents": 0 } }));
        self.until("READY");
    }

    pub fn resume(&mut self, token: &str, session: &str, seq: u64) {
        self.until_op(10);
        let d = json!({ "token": token, "session_id": session, "seq": seq });
        self.say(&json!({ "op": 6, "d": d }));
        self.session = session.to_owned();
    }

    pub fn until(&mut self, t: &str) -> Value {
        self.find(|frame| frame["t"] == t).unwrap_or_else(|| panic!("no {t}: {}", self.state()))
    }

    pub fn until_op(&mut self, op: u64) -> Value {
        self.find(|frame| frame["op"] == op).unwrap_or_else(|| panic!("no {op}: {}", self.state()))
    }

    fn state(&self) -> String {
        let from = self.seen.floor_char_boundary(self.seen.len().saturating_sub(2_000));
        format!("closed with {:?}; {}", self.code, &self.seen[from..])
    }

    fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        std::iter::from_fn(|| self.next()).find(wanted)
    }

    /// The contents of the messages before this event.
    pub fn contents_until(&mut self, t: &str) -> Vec<String> {
        let mut contents = Vec::new();
        loop {
            let Some(frame) = self.next() else { panic!("no {t}: {}", self.state()) };
            if frame["t"] == t {
                return contents;
            }
            contents.extend(content(&frame));
        }
    }

    pub fn contents_until_closed(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).filter_map(|frame| content(&frame)).collect()
    }

    pub fn closed(&mut self) -> Option<u16> {
        while self.next().is_some() {}
        self.code
    }

    /// The next frame; `None` at the end, or when none comes for long.
    fn next(&mut self) -> Option<Value> {
        let begun = Instant::now();
        while self.frames.is_empty() {
            if self.code.is_some() || begun.elapsed() > PATIENCE {
                return None;
            }
            self.take();
        }
        let text = self.frames.pop_front()?;
        self.seen += &text;
        let frame: Value = serde_json::from_str(&text).expect("JSON");
        if frame["op"] == 0 {
            let s = frame["s"].as_u64().expect("a number");
            assert!(s > self.seq, "{s} after {}", self.seq);
            self.seq = s;
            self.count += 1;
        }
        Some(frame)
    }

    fn take(&mut self) {
        if self.input.is_empty() {
            let mut buffer = vec![0; 64 << 10];
            let Some(len) = read(&mut self.stream, &mut buffer) else { return };
            if len == 0 {
                self.code = Some(1006);
                return;
            }
            buffer.truncate(len);
            self.input = buffer;
        }
        let mut input = std::mem::take(&mut self.input);
        let mut rest = &mut input[..];
        while let Some(event) = self.decoder.decode(&mut rest).expect("the server keeps to it") {
            match event {
                Event::Text(text) => self.frames.push_back(text.into_owned()),
                Event::Binary(bytes) => {
                    let text = self.unpack.read(&bytes);
                    self.packed += 1;
                    self.frames.push_back(String::from_utf8(text).expect("text"));
                }
                Event::Close(close) => self.code = Some(close.map_or(1005, |close| close.code)),
                Event::Ping(_) | Event::Pong(_) => {}
            }
        }
    }
}

/// How what comes as bytes is read.
enum Unpack {
    Nothing,
    Zlib(Decompress),
    Zstd(DCtx<'static>),
    Each,
}

impl Unpack {
    fn read(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(1 << 20);
        match self {
            Self::Nothing => panic!("nobody asked for bytes"),
            Self::Zlib(inflate) => {
                let read = inflate.decompress_vec(bytes, &mut text, FlushDecompress::Sync);
                read.expect("deflate");
            }
            Self::Zstd(context) => {
                let mut input = InBuffer::around(bytes);
                let mut output = OutBuffer::around(&mut text);
                context.decompress_stream(&mut output, &mut input).expect("zstd");
                assert_eq!(input.pos, bytes.len(), "one message is one piece");
            }
            Self::Each => {
                flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut text).expect("zlib");
            }
        }
        text
    }
}

fn content(frame: &Value) -> Option<String> {
    let is_message = frame["t"] == "MESSAGE_CREATE";
    is_message.then(|| frame["d"]["content"].as_str().expect("a content").to_owned())
}

/// `None` if nothing came for a moment.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<usize> {
    match stream.read(buffer) {
        Ok(len) => Some(len),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        Err(_) => Some(0),
    }
}
