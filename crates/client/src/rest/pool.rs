//! Connections to one server, used again while they are open.

use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use hyper::{Request, Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::body::Pieces;
use crate::{Address, Error};

/// Connections kept without use.
const IDLE: usize = 32;

type Sender = http1::SendRequest<Pieces>;

pub struct Pool {
    address: Arc<Address>,
    idle: Mutex<Vec<Sender>>,
}

/// A connection in use. It is closed unless it is given back.
pub struct Lease {
    pool: Arc<Pool>,
    sender: Sender,
}

impl Lease {
    /// The answer was read to its end: the connection can be used again.
    pub fn give_back(self) {
        let mut idle = self.pool.idle.lock().expect("no panic while locked");
        if idle.len() < IDLE && !self.sender.is_closed() {
            idle.push(self.sender);
        }
    }
}

impl Pool {
    pub fn new(address: Arc<Address>) -> Self {
        Self { address, idle: Mutex::default() }
    }

    /// Sends over a connection that is open, or over a new one.
    pub async fn send(
        self: &Arc<Self>,
        mut request: Request<Pieces>,
    ) -> Result<(Response<Incoming>, Lease), Error> {
        loop {
            let (mut sender, used) = match self.take() {
                Some(sender) => (sender, true),
                None => (self.connect().await.map_err(Error::NotSent)?, false),
            };
            if sender.ready().await.is_err() && used {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(response) => return Ok((response, Lease { pool: self.clone(), sender })),
                // The server closed an idle connection in this moment: nothing was sent.
                Err(mut error) => match error.take_message() {
                    Some(unsent) if used => request = unsent,
                    Some(_) => return Err(Error::NotSent(error.into_error().into())),
                    None => return Err(Error::Unknown(error.into_error().into())),
                },
            }
        }
    }

    fn take(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().expect("no panic while locked");
        std::iter::from_fn(|| idle.pop()).find(|sender| !sender.is_closed())
    }

    async fn connect(&self) -> anyhow::Result<Sender> {
        let stream = TcpStream::connect(self.address.socket()).await;
        let stream = stream.with_context(|| format!("cannot connect to {}", self.address))?;
        stream.set_nodelay(true).context("cannot set up the connection")?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = ?error, "connection ended");
            }
        });
        Ok(sender)
    }
}
