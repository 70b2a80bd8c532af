//! The documentation that the service serves of itself: the OpenAPI document and a page to browse it.
//!
//! Everything comes from this binary: no other host is asked, and no script or style stands in a page.

use super::auth::Public;
use super::extract::{Path, Segment};
use super::openapi;
use super::routes::Table;
use crate::error::Error;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use utoipa_swagger_ui::Config;

/// For the page that browses the document. Swagger UI's style sheet holds images as `data:`; scripts and styles come
/// from files of ours alone, and requests go to this server alone.
const BROWSER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For how long a browser may keep a page, in seconds: as long as an upgrade may go unnoticed.
pub(super) const CACHED: &str = "public, max-age=300";

const BROWSER: &str = include_str!("assets/docs.html");
const OF_SWAGGER_UI: &[(&str, &str)] =
    &[("swagger-ui.css", "text/css; charset=utf-8"), ("swagger-ui-bundle.js", "text/javascript; charset=utf-8")];
const OF_OURS: &[(&str, &str, &str)] = &[
    ("docs.css", "text/css; charset=utf-8", include_str!("assets/docs.css")),
    ("docs.js", "text/javascript; charset=utf-8", include_str!("assets/docs.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ("page.css", "text/css; charset=utf-8", include_str!("assets/page.css")),
];

/// Adds the routes of this file.
#[must_use]
pub fn routes(table: Table) -> Table {
    table.get("/openapi.json", document).get("/docs", browser).get("/docs/{file}", file)
}

/// The OpenAPI 3.1 document, made once.
///
/// # Errors
/// A fault of ours, when the document can't be written.
pub async fn document(_: Public) -> Result<HttpResponse, Error> {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let bytes = if let Some(bytes) = DOCUMENT.get() {
        bytes.clone()
    } else {
        let text = openapi::document().to_json().map_err(Error::internal)?;
        DOCUMENT.get_or_init(|| text.into()).clone()
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, CACHED))
        .body(bytes))
}

/// The page that browses it.
pub async fn browser(_: Public) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, BROWSER_POLICY))
        .insert_header((header::CACHE_CONTROL, CACHED))
        .body(BROWSER)
}

/// A file that a page refers to.
pub async fn file(_: Public, Path(asset): Path<Asset>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, asset.media))
        .insert_header((header::CACHE_CONTROL, CACHED))
        .body(asset.bytes)
}

/// One of a fixed list of files.
#[derive(Debug, Clone)]
pub struct Asset {
    media: &'static str,
    bytes: Bytes,
}

impl Segment for Asset {
    const NAME: &'static str = "file";

    fn read(name: String) -> Result<Self, Error> {
        if let Some((_, media, text)) = OF_OURS.iter().find(|(ours, ..)| *ours == name) {
            return Ok(Self { media, bytes: Bytes::from_static(text.as_bytes()) });
        }
        let (name, media) = OF_SWAGGER_UI.iter().find(|(theirs, _)| *theirs == name).ok_or_else(Error::not_found)?;
        let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default()))
            .map_err(|error| Error::internal(error.to_string()))?
            .ok_or_else(|| Error::internal("a file of Swagger UI is missing from the build"))?;
        let bytes = match file.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        Ok(Self { media, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fixture::{Fixture, text};
    use actix_web::http::StatusCode;

    #[actix_web::test]
    async fn the_document_is_openapi() {
        let answer = Fixture::new(routes(Table::new())).get("/openapi.json").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(
            answer.headers().get("content-security-policy").unwrap(),
            "default-src 'none'; frame-ancestors 'none'"
        );
        let document: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    }

    #[actix_web::test]
    async fn the_page_and_its_files_are_served_and_name_no_other_host() {
        let fixture = Fixture::new(routes(Table::new()));
        let answer = fixture.get("/docs").await;
        assert!(
            answer.headers().get("content-security-policy").unwrap().to_str().unwrap().contains("script-src 'self';")
        );
        let page = text(answer).await;
        assert!(
            !page.contains("http://")
                && !page.contains("https://")
                && !page.contains("<style")
                && !page.contains("onload")
        );
        let mut files = 0;
        for name in page.split('"').filter(|text| text.starts_with("/docs/")) {
            assert_eq!(fixture.get(name).await.status(), StatusCode::OK, "{name}");
            files += 1;
        }
        assert_eq!(files, 5);
    }

    #[actix_web::test]
    async fn other_files_are_not_there() {
        let fixture = Fixture::new(routes(Table::new()));
        for path in ["/docs/oauth2-redirect.html", "/docs/swagger-initializer.js", "/docs/..%2Fpage.css", "/docs/"] {
            assert_eq!(fixture.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
