//! The conference page, embedded at build time, and how its files are served.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

/// One file of the page.
struct PageFile {
    /// Path below `/`.
    path: &'static str,
    /// Entity tag (RFC 9110 §8.8.3), with its quotes.
    etag: &'static str,
    body: &'static [u8],
}

static FILES: &[PageFile] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Vite puts a hash of the content into these files' names: they never change.
const HASHED: &str = "assets/";

/// Shown when this program was built without the page.
const NO_PAGE: &str = "<!doctype html><meta charset=utf-8><title>Plenum</title>\
    <body style=\"font:1rem/1.5 system-ui;margin:4rem auto;max-width:36rem;padding:0 1rem\">\
    <h1>Plenum is running</h1><p>This program was built without the conference page. \
    Run <code>make web</code> in the source folder, then build and start again. \
    Signaling at <code>/signal</code>, <a href=/healthz>/healthz</a> and <a href=/metrics>/metrics</a> work.</p>";

/// Whether the page is in this program.
pub fn is_embedded() -> bool {
    !FILES.is_empty()
}

/// The page itself: at `/` and `/r/{room}`.
pub(crate) fn index(request: &HeaderMap) -> Response<Body> {
    match FILES.iter().find(|file| file.path == "index.html") {
        Some(file) => respond(file, request),
        None => html(StatusCode::OK, NO_PAGE),
    }
}

/// Any other file; `path` without the leading slash.
pub(crate) fn file(path: &str, request: &HeaderMap) -> Response<Body> {
    match FILES.iter().find(|file| file.path == path) {
        Some(file) => respond(file, request),
        None => {
            let mut response = Response::new(Body::from("There is nothing here. The page is at / .\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            set(&mut response, header::CONTENT_TYPE, "text/plain; charset=utf-8");
            response
        }
    }
}

fn respond(file: &'static PageFile, request: &HeaderMap) -> Response<Body> {
    let known = request
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok());
    let unchanged = known.is_some_and(|tags| {
        tags.split(',')
            .any(|tag| tag.trim().trim_start_matches("W/") == file.etag)
    });
    let mut response = Response::new(if unchanged {
        Body::empty()
    } else {
        Body::from(file.body)
    });
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        set(&mut response, header::CONTENT_TYPE, content_type(file.path));
    }
    let cache = if file.path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    set(&mut response, header::CACHE_CONTROL, cache);
    set(&mut response, header::ETAG, file.etag);
    response
}

fn html(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(&mut response, header::CACHE_CONTROL, "no-cache");
    response
}

fn set(response: &mut Response<Body>, name: header::HeaderName, value: &'static str) {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}

/// By extension; what Vite emits and a page may need.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static FILE: PageFile = PageFile {
        path: "assets/app-1a2b.js",
        etag: "\"00000000000000aa\"",
        body: b"x",
    };
    static ICON: PageFile = PageFile {
        path: "favicon.svg",
        etag: "\"00000000000000bb\"",
        body: b"y",
    };

    fn value(response: &Response<Body>, name: header::HeaderName) -> &str {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    #[test]
    fn a_file_with_a_hash_in_its_name_is_kept_for_ever_and_others_are_asked_for_again() {
        let hashed = respond(&FILE, &HeaderMap::new());
        assert_eq!(
            value(&hashed, header::CACHE_CONTROL),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(
            value(&hashed, header::CONTENT_TYPE),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(
            value(&respond(&ICON, &HeaderMap::new()), header::CACHE_CONTROL),
            "no-cache"
        );
    }

    #[test]
    fn a_browser_that_has_the_file_is_told_so() {
        let mut request = HeaderMap::new();
        request.insert(
            header::IF_NONE_MATCH,
            HeaderValue::from_static("\"other\", W/\"00000000000000bb\""),
        );
        assert_eq!(respond(&ICON, &request).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(respond(&FILE, &request).status(), StatusCode::OK);
    }
}
