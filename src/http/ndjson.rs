//! Events line by line: read as they come, written in groups, each answered by a line of its own.

use super::context;
use super::extract::{Lines, parse_json};
use super::outcome::{ItemResult, id_of};
use super::sender::Sender;
use crate::app::App;
use crate::error::Error;
use actix_web::HttpResponse;
use actix_web::http::Version;
use actix_web::web::{Bytes, Data};
use futures_util::{FutureExt, stream};

/// The media type.
pub(super) const MEDIA_TYPE: &str = "application/x-ndjson";

/// The most lines of one group: enough to share a commit, few enough that the answers keep flowing.
const GROUP_LINES: usize = 500;

struct Stream {
    app: Data<App>,
    sender: Sender,
    lines: Lines,
    next_index: usize,
    ended: bool,
    request: Option<uuid::Uuid>,
}

/// An answer that streams a result a line while the body is still being read.
///
/// It begins before the body has ended, and then actix closes an HTTP/1 connection after it: the client is told so, or
/// it would send its next request into the end. HTTP/2 has streams for that.
pub(super) fn answer(app: Data<App>, sender: Sender, lines: Lines, version: Version) -> HttpResponse {
    let request = context::request_id();
    let start = Stream { app, sender, lines, next_index: 0, ended: false, request };
    let results = stream::unfold(start, |mut state| async move {
        let results = state.group().await?;
        Some((results.map(Bytes::from), state))
    });
    let mut answer = HttpResponse::Ok();
    if version < Version::HTTP_2 {
        answer.force_close();
    }
    answer.content_type(MEDIA_TYPE).streaming(Box::pin(results))
}

impl Stream {
    /// The results of the next lines that are here; none after the last.
    async fn group(&mut self) -> Option<Result<Vec<u8>, Error>> {
        if self.ended {
            return None;
        }
        let mut results = Vec::new();
        let mut placed = Vec::new();
        let mut items = Vec::new();
        // Waits for one line, then takes what else has come already.
        let mut next = Some(self.lines.next().await);
        while let Some(line) = next {
            match line {
                Ok(Some(line)) => {
                    let index = self.next_index;
                    self.next_index += 1;
                    let id = line.as_ref().ok().and_then(|line| id_of(line));
                    match line.and_then(|line| parse_json(&line, "")) {
                        Ok(event) => {
                            let item = self.sender.item(event);
                            placed.push((results.len(), index, item.event.id));
                            results.push(None);
                            items.push(item);
                        }
                        Err(error) => results.push(Some(self.refused(index, id, &error))),
                    }
                }
                Ok(None) => {
                    self.ended = true;
                    break;
                }
                Err(error) => {
                    self.ended = true;
                    results.push(Some(self.refused(self.next_index, None, &error)));
                    break;
                }
            }
            next = if results.len() < GROUP_LINES { self.lines.next().now_or_never() } else { None };
        }
        if results.is_empty() {
            return None;
        }
        match self.app.ingest(items).await {
            Ok(outcomes) => {
                for ((place, index, id), outcome) in placed.into_iter().zip(outcomes) {
                    results[place] = Some(self.told(ItemResult::of(index, id, outcome, "")));
                }
            }
            Err(error) => {
                // Nothing of this group is acknowledged; the client sends it again.
                self.ended = true;
                for (place, index, id) in placed {
                    results[place] = Some(self.refused(index, Some(id), &error));
                }
            }
        }
        Some(lines_of(results))
    }

    fn refused(&self, index: usize, id: Option<crate::domain::EventId>, error: &Error) -> ItemResult {
        self.told(ItemResult::rejected(index, id, error))
    }

    /// A streamed answer runs outside the request, so the request id is carried along.
    fn told(&self, mut result: ItemResult) -> ItemResult {
        if let Some(problem) = &mut result.problem {
            problem.instance = self.request.as_ref().map(ToString::to_string);
        }
        result
    }
}

fn lines_of(results: Vec<Option<ItemResult>>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for result in results.into_iter().flatten() {
        serde_json::to_writer(&mut bytes, &result).map_err(Error::internal)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}
