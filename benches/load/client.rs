//! A client that costs little: HTTP/1.1 by hand over one kept connection.
//!
//! Driver and server share the processors, so what a full client spends on a request would be missing from the server.

use crate::server::Server;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is asked, without the body.
#[derive(Debug, Clone)]
pub struct Target {
    pub method: &'static str,
    pub path: String,
    pub content_type: Option<&'static str>,
}

/// A connection.
pub struct Client {
    address: SocketAddr,
    stream: TcpStream,
    authorization: String,
    out: Vec<u8>,
    /// What has come and is not yet taken.
    came: Vec<u8>,
    /// The body of the last answer.
    pub body: Vec<u8>,
}

impl Client {
    /// Connects.
    pub async fn connect(address: SocketAddr, key: &str) -> Result<Self> {
        let stream = open(address).await?;
        let authorization = format!("host: localhost\r\nauthorization: Bearer {key}\r\n");
        Ok(Self { address, stream, authorization, out: Vec::new(), came: Vec::new(), body: Vec::new() })
    }

    /// Connects to a server.
    pub async fn of(server: &Server) -> Result<Self> {
        Self::connect(server.address, &server.key).await
    }

    /// Goes on with another connection.
    ///
    /// # Errors
    /// When the server takes none.
    pub async fn reconnect(&mut self) -> Result<()> {
        self.stream = open(self.address).await?;
        self.came.clear();
        Ok(())
    }

    /// Sends a request and reads the whole answer, whose body is then in `self.body`.
    ///
    /// # Errors
    /// When the connection ends early, or what comes is not HTTP/1.1.
    pub async fn send(&mut self, target: &Target, body: &[u8]) -> Result<u16> {
        use std::io::Write;
        self.out.clear();
        write!(self.out, "{} {} HTTP/1.1\r\n{}", target.method, target.path, self.authorization)?;
        if let Some(content_type) = target.content_type {
            write!(self.out, "content-type: {content_type}\r\ncontent-length: {}\r\n", body.len())?;
        }
        self.out.extend_from_slice(b"\r\n");
        self.out.extend_from_slice(body);
        self.stream.write_all(&self.out).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<u16> {
        self.body.clear();
        let end = loop {
            if let Some(at) = self.came.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = std::str::from_utf8(&self.came[..end]).map_err(|_| malformed())?;
        let status = head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(malformed)?;
        let length = header(head, "content-length").map(str::parse::<usize>);
        let chunked = header(head, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        self.came.drain(..end);
        match length {
            Some(length) => self.take(length.map_err(|_| malformed())?).await?,
            None if chunked => self.chunks().await?,
            None if status == 204 || status == 304 => {}
            None => return Err(malformed()),
        }
        Ok(status)
    }

    async fn chunks(&mut self) -> Result<()> {
        loop {
            let end = loop {
                if let Some(at) = self.came.windows(2).position(|two| two == b"\r\n") {
                    break at;
                }
                self.more().await?;
            };
            let size =
                std::str::from_utf8(&self.came[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
            let size = size.ok_or_else(malformed)?;
            self.came.drain(..end + 2);
            let before = self.body.len();
            self.take(size + 2).await?;
            self.body.truncate(before + size);
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// Moves so many bytes to the body, as they come.
    async fn take(&mut self, length: usize) -> Result<()> {
        while self.came.len() < length {
            self.more().await?;
        }
        self.body.extend(self.came.drain(..length));
        Ok(())
    }

    async fn more(&mut self) -> Result<()> {
        self.came.reserve(16 * 1024);
        match self.stream.read_buf(&mut self.came).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

async fn open(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn malformed() -> Error {
    Error::new(ErrorKind::InvalidData, "not an answer of HTTP/1.1")
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
