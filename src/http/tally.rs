//! One line in the log and one count in the metrics for each request, however it ends.

use super::context::{Context, UNMATCHED};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as Task, Poll};
use std::time::Instant;

const REQUESTS: &str = "guestlog_http_requests_total";
const DURATION: &str = "guestlog_http_request_duration_seconds";
const IN_FLIGHT: &str = "guestlog_http_requests_in_flight";

/// Tells the recorder what the metrics of this floor mean; once, after it is installed.
pub fn describe() {
    describe_counter!(
        REQUESTS,
        "Requests answered, by method, route template and status; 'aborted' ones lost their client."
    );
    describe_histogram!(DURATION, Unit::Seconds, "From the head of a request to the end of its answer.");
    describe_gauge!(IN_FLIGHT, "Requests being answered now.");
}

/// The method as a label: a client can invent others without bound, and write what it likes in them.
pub(super) fn label(method: &Method) -> &'static str {
    const KNOWN: [Method; 8] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ];
    const LABELS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    KNOWN.iter().zip(LABELS).find(|(known, _)| *known == method).map_or("OTHER", |(_, label)| label)
}

/// Counts a request from its head to the end of its answer, or to its client's going away.
pub(super) struct Tally {
    method: &'static str,
    context: Rc<Context>,
    started: Instant,
    status: Option<StatusCode>,
}

impl Tally {
    pub(super) fn start(method: &'static str, context: Rc<Context>) -> Self {
        gauge!(IN_FLIGHT).increment(1.0);
        Self { method, context, started: Instant::now(), status: None }
    }

    /// Rides along with the body, so that the end of a streamed answer is the end of the count.
    pub(super) fn along(mut self, status: StatusCode, body: BoxBody) -> BoxBody {
        self.status = Some(status);
        BoxBody::new(Counted { body, tally: self })
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let route = self.context.route();
        let status = self.status.map(|status| status.as_u16());
        let label = status.map_or_else(|| "aborted".to_owned(), |status| status.to_string());
        gauge!(IN_FLIGHT).decrement(1.0);
        histogram!(DURATION, "method" => self.method, "route" => route).record(took.as_secs_f64());
        counter!(REQUESTS, "method" => self.method, "route" => route, "status" => label).increment(1);
        let span = &self.context.span;
        if route == UNMATCHED {
            span.record("route", UNMATCHED);
        }
        let message = if status.is_some() { "answered" } else { "aborted" };
        tracing::info!(target: "guestlog::access", parent: span, status, duration_us = took.as_micros(), "{message}");
    }
}

struct Counted {
    body: BoxBody,
    tally: Tally,
}

impl MessageBody for Counted {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let span = this.tally.context.span.clone();
        let body = &mut this.body;
        // A streamed answer that panics ends itself, not the other streams of its connection.
        let next = catch_unwind(AssertUnwindSafe(|| span.in_scope(|| Pin::new(body).poll_next(task))));
        next.unwrap_or_else(|_panic| Poll::Ready(Some(Err("an answer panicked".into()))))
    }
}

#[cfg(test)]
mod tests {
    use crate::http::auth::Public;
    use crate::http::extract::{Path, Query};
    use crate::http::fixture::{Fixture, text};
    use crate::http::routes::Table;
    use actix_web::http::Method;
    use actix_web::test::TestRequest;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use std::io;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    async fn named(
        _: Public,
        _: Path<crate::domain::text::Ref>,
        _: Query<std::collections::BTreeMap<String, String>>,
    ) -> &'static str {
        "Victoria"
    }

    async fn slow(_: Public) -> &'static str {
        tokio::time::sleep(Duration::from_millis(100)).await;
        "late"
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[actix_web::test]
    async fn every_request_is_counted_and_logged_by_its_template() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
        let _log = tracing::subscriber::set_default(subscriber.finish());
        let _recorder = metrics::set_default_local_recorder(&recorder);
        let fixture = Fixture::new(Table::new().get("/people/{ref}", named).get("/slow", slow));

        assert_eq!(text(fixture.get("/people/Victoria?name=Victoria").await).await, "Victoria");
        let odd = TestRequest::default().method(Method::from_bytes(b"VICTORIA").unwrap()).uri("/Victoria");
        text(fixture.send(odd.insert_header(("user-agent", "Victoria"))).await).await;
        let given_up = tokio::time::timeout(Duration::from_millis(20), fixture.get("/slow")).await;
        assert!(given_up.is_err());

        let metrics = recorder.handle().render();
        for line in [
            r#"guestlog_http_requests_total{method="GET",route="/people/{ref}",status="200"} 1"#,
            r#"guestlog_http_requests_total{method="OTHER",route="unmatched",status="404"} 1"#,
            r#"guestlog_http_requests_total{method="GET",route="/slow",status="aborted"} 1"#,
            "guestlog_http_requests_in_flight 0",
            r#"guestlog_http_request_duration_seconds_count{method="GET",route="/people/{ref}"} 1"#,
        ] {
            assert!(metrics.contains(line), "{line}\n{metrics}");
        }
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(!log.to_lowercase().contains("victoria"), "{log}");
        let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let lines: Vec<_> = lines.iter().filter(|line| line["target"] == "guestlog::access").collect();
        assert_eq!(lines.len(), 3, "{log}");
        assert_eq!((&lines[0]["fields"]["status"], &lines[0]["span"]["route"]), (&200.into(), &"/people/{ref}".into()));
        assert_eq!((&lines[1]["fields"]["status"], &lines[1]["span"]["route"]), (&404.into(), &"unmatched".into()));
        assert_eq!(lines[2]["fields"]["message"], "aborted");
    }
}
