//! A bare gateway socket, for those who do not keep to the protocol.

use std::net::SocketAddr;

use proto::websocket::{
    Decoder, Event, Limits, Opcode, Role,
    encode::masked,
    handshake::{self, HeadReader},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::PATIENCE;

pub struct Socket {
    stream: TcpStream,
    decoder: Decoder,
    unread: Vec<u8>,
}

#[derive(Debug, PartialEq)]
pub enum Heard {
    Text(String),
    /// 1006: without a word.
    Close(u16),
}

impl Socket {
    pub async fn open(addr: SocketAddr, target: &str) -> Self {
        let opened = Self::try_open(addr, target, &[]).await;
        opened.unwrap_or_else(|refusal| panic!("{target}: {refusal:?}"))
    }

    pub async fn try_open(
        addr: SocketAddr,
        target: &str,
        fields: &[(&str, &str)],
    ) -> Result<Self, handshake::Refusal> {
        let mut stream = TcpStream::connect(addr).await.expect("connects");
        let key = handshake::key([7; 16]);
        let head = handshake::request(&addr.to_string(), target, &key, fields);
        stream.write_all(head.as_bytes()).await.expect("writes");
        let mut reader = HeadReader::default();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = stream.read(&mut buffer).await.expect("reads");
            assert!(count > 0, "closed during the handshake");
            if let Some((head, unread)) = reader.push(&buffer[..count])? {
                handshake::check_response(&head, &key)?;
                let decoder = Decoder::new(Role::Client, Limits::NONE);
                return Ok(Self { stream, decoder, unread });
            }
        }
    }

    pub async fn send(&mut self, text: &str) {
        self.send_frame(Opcode::Text, text.as_bytes()).await;
    }

    pub async fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        // Whoever was closed already is told so by `next`.
        let _ = self.stream.write_all(&masked(opcode, payload, [1, 2, 3, 4])).await;
    }

    /// The next message, or how it ended.
    pub async fn next(&mut self) -> Heard {
        let next = tokio::time::timeout(PATIENCE, self.read()).await;
        next.expect("the server says something in time")
    }

    /// All that follows, until it is closed.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            if let Heard::Close(code) = self.next().await {
                return code;
            }
        }
    }

    async fn read(&mut self) -> Heard {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let mut bytes = std::mem::take(&mut self.unread);
            let mut rest = bytes.as_mut_slice();
            let heard = match self.decoder.decode(&mut rest) {
                Ok(Some(Event::Text(text))) => Some(Heard::Text(text.into_owned())),
                Ok(Some(Event::Close(close))) => {
                    Some(Heard::Close(close.map_or(1005, |close| close.code)))
                }
                Ok(_) => None,
                Err(violation) => panic!("the server broke the protocol: {violation}"),
            };
            self.unread = rest.to_vec();
            if let Some(heard) = heard {
                return heard;
            }
            if self.unread.is_empty() {
                match self.stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return Heard::Close(1006),
                    Ok(count) => self.unread.extend_from_slice(&buffer[..count]),
                }
            }
        }
    }
}
