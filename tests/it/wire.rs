//! HTTP/1.1 byte by byte: a client that sends what no library would.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than the server takes for any answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that is kept as long as the server keeps it.
pub struct Wire {
    address: SocketAddr,
    open: Option<BufReader<TcpStream>>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the server closed the connection behind it; only looked at where no handler of ours answered.
    pub last: bool,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The whole of it as text.
    pub fn text(&self) -> String {
        format!("{:?} {}", self.headers, String::from_utf8_lossy(&self.body))
    }
}

impl Wire {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, open: None }
    }

    /// Sends a request and reads the answer; `bodiless` when it has no body whatever its headers say.
    ///
    /// # Errors
    /// When the connection ends without a whole answer.
    pub fn ask(&mut self, request: &[u8], bodiless: bool) -> Result<Reply, Error> {
        let reused = self.open.is_some();
        match self.try_ask(request, bodiless) {
            // The server may have closed while nothing was asked.
            Err(_) if reused => self.try_ask(request, bodiless),
            answered => answered,
        }
    }

    fn try_ask(&mut self, request: &[u8], bodiless: bool) -> Result<Reply, Error> {
        let mut stream = if let Some(stream) = self.open.take() {
            stream
        } else {
            let stream = TcpStream::connect(self.address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            BufReader::new(stream)
        };
        // A server may answer, and close, before it has read everything.
        let _ = stream.get_mut().write_all(request);
        let mut reply = head(&mut stream)?;
        while reply.status < 200 {
            reply = head(&mut stream)?;
        }
        let length = reply.header("content-length").map(|text| text.parse::<usize>().unwrap());
        if bodiless || matches!(reply.status, 204 | 304) {
        } else if reply.header("transfer-encoding") == Some("chunked") {
            chunks(&mut stream, &mut reply.body)?;
        } else if let Some(length) = length {
            reply.body.resize(length, 0);
            stream.read_exact(&mut reply.body)?;
        } else {
            stream.read_to_end(&mut reply.body)?;
            reply.last = true;
            return Ok(reply);
        }
        if reply.header("x-request-id").is_none() {
            // What comes behind an answer is not its own; a server that waits for more runs into our patience.
            reply.last = stream.read_to_end(&mut Vec::new()).is_ok_and(|more| more == 0);
        } else if reply.header("connection") != Some("close") {
            self.open = Some(stream);
        }
        Ok(reply)
    }
}

fn line(stream: &mut impl BufRead) -> Result<String, Error> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line)?;
    let line = line.strip_suffix(b"\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    String::from_utf8(line.to_vec()).map_err(|_| ErrorKind::InvalidData.into())
}

fn head(stream: &mut impl BufRead) -> Result<Reply, Error> {
    let status = line(stream)?;
    let status = status.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let mut reply =
        Reply { status: status.ok_or(ErrorKind::InvalidData)?, headers: Vec::new(), body: Vec::new(), last: false };
    loop {
        let line = line(stream)?;
        if line.is_empty() {
            return Ok(reply);
        }
        let (name, value) = line.split_once(": ").ok_or(ErrorKind::InvalidData)?;
        reply.headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
}

fn chunks(stream: &mut impl BufRead, body: &mut Vec<u8>) -> Result<(), Error> {
    loop {
        let size = usize::from_str_radix(&line(stream)?, 16).map_err(|_| ErrorKind::InvalidData)?;
        let from = body.len();
        body.resize(from + size, 0);
        stream.read_exact(&mut body[from..])?;
        line(stream)?;
        if size == 0 {
            return Ok(());
        }
    }
}
