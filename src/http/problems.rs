//! A page for every code that a problem document can have, in English and Danish side by side, without a script.

use super::auth::Public;
use super::docs::CACHED;
use super::extract::{Path, Segment};
use super::routes::Table;
use crate::error::{Code, Error};
use actix_web::HttpResponse;
use actix_web::http::header;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Adds the routes of this file.
#[must_use]
pub fn routes(table: Table) -> Table {
    table.get("/problems", list).get("/problems/{code}", page)
}

impl Segment for Code {
    const NAME: &'static str = "code";

    fn read(text: String) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or_else(Error::not_found)
    }
}

/// All codes, each with a link to its page.
pub async fn list(_: Public) -> HttpResponse {
    let items: String = Code::ALL.iter().copied().map(item).collect();
    let body = format!(
        "<h1>Problems · <span lang=\"da\">Fejl</span></h1>\n\
         <p class=\"status\">Every <code>code</code> that an answer of this service can carry. \
         <span lang=\"da\">Alle koder, som et svar fra tjenesten kan have.</span></p>\n<ul>\n{items}</ul>"
    );
    answer("Problems", &body)
}

fn item(code: Code) -> String {
    let (name, status, (english, danish)) = (code.as_str(), code.status(), code.title());
    format!(
        "<li><a href=\"/problems/{name}\"><code>{name}</code></a> <span class=\"status\">{status}</span>\
         <p>{} · <span lang=\"da\">{}</span></p></li>\n",
        escaped(english),
        escaped(danish)
    )
}

/// What one code means and what to do about it.
pub async fn page(_: Public, Path(code): Path<Code>) -> HttpResponse {
    let (name, (title, title_da), (about, about_da)) = (code.as_str(), code.title(), code.about());
    let body = format!(
        "<h1><code>{name}</code></h1>\n<p class=\"status\">HTTP {}</p>\n<div class=\"pair\">\n{}{}</div>\n\
         <div class=\"pair note\"><p>The answer's <code>instance</code> is the id of the request. \
         Name it when you ask about the problem; it tells nothing about a person.</p>\n\
         <p lang=\"da\">Svarets <code>instance</code> er forespørgslens id. \
         Oplys det, når du spørger om fejlen; det fortæller intet om en person.</p></div>",
        code.status(),
        section("en", title, about),
        section("da", title_da, about_da),
    );
    answer(name, &body)
}

fn section(language: &str, title: &str, about: &str) -> String {
    format!("<section lang=\"{language}\"><h2>{}</h2><p>{}</p></section>\n", escaped(title), escaped(about))
}

fn answer(title: &str, body: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_LANGUAGE, "en, da"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, CACHED))
        .body(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} · guestlog</title>\n<link rel=\"icon\" type=\"image/svg+xml\" href=\"/docs/icon.svg\">\n\
             <link rel=\"stylesheet\" href=\"/docs/page.css\">\n</head>\n<body>\n\
             <header><a href=\"/problems\">guestlog · problems</a></header>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
        ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fixture::{Fixture, text};
    use actix_web::http::StatusCode;

    #[actix_web::test]
    async fn every_code_has_its_page() {
        let fixture = Fixture::new(routes(Table::new()));
        let list = text(fixture.get("/problems").await).await;
        for code in Code::ALL {
            let path = format!("/problems/{}", code.as_str());
            assert!(list.contains(&format!("href=\"{path}\"")), "{path}");
            let answer = fixture.get(&path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let page = text(answer).await;
            assert!(page.contains(&escaped(code.about().0)) && page.contains(&escaped(code.about().1)), "{path}");
            assert!(!page.contains("<script") && !page.contains("style="), "{path}");
        }
        assert_eq!(fixture.get("/problems/no_such_code").await.status(), StatusCode::NOT_FOUND);
    }
}
