//! Answers: how results and refusals travel.
//!
//! Every failure has the same shape, `{"error": {"message", "hint", "place"}}`, so that the page can show it wherever it
//! comes from. Results are JSON, but for viewports and rows of queries, which are columns.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kinetoscope_sql::SqlError;
use serde::Serialize;

/// What a browser may do with what it gets: nothing that leaves this server.
const HEADERS: [(header::HeaderName, HeaderValue); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        // The editor writes its own style sheets; scripts are files only.
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
             font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // The token is in the path.
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds what every answer carries.
pub(crate) fn guarded(mut response: Response) -> Response {
    response.headers_mut().extend(HEADERS.map(|(name, value)| (Some(name), value)));
    response
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) explanation: Explanation,
}

/// What a person is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Explanation {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) place: Option<PlaceInSql>,
}

/// Where in a script of SQL a mistake is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PlaceInSql {
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
    /// In characters.
    length: usize,
    /// The line.
    text: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, explanation: Explanation { message: message.into(), hint: None, place: None } }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.explanation.hint = Some(hint.into());
        self
    }

    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no {what}"))
    }

    pub(crate) fn internal(message: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("internal error: {message}"))
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a Explanation,
}

impl Explanation {
    /// The bytes of an answer that is an error.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(&ErrorBody { error: self }).unwrap_or_default()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        (self.status, json, self.explanation.to_json()).into_response()
    }
}

impl From<&SqlError> for Explanation {
    fn from(error: &SqlError) -> Self {
        let place = error.place().map(|place| PlaceInSql {
            line: place.line,
            column: place.column,
            length: place.len,
            text: place.text.clone(),
        });
        Self { message: error.to_string(), hint: error.hint(), place }
    }
}

impl From<SqlError> for Refusal {
    fn from(error: SqlError) -> Self {
        let status = match error {
            SqlError::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, explanation: Explanation::from(&error) }
    }
}

/// A request whose parts cannot be understood.
macro_rules! refuse_malformed {
    ($($rejection:ty),*) => {$(
        impl From<$rejection> for Refusal {
            fn from(rejection: $rejection) -> Self {
                Self::new(rejection.status(), rejection.body_text())
            }
        }
    )*};
}
refuse_malformed!(JsonRejection, PathRejection, QueryRejection, BytesRejection);

/// An answer in JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Response {
    Json(value).into_response()
}

/// An answer in columns.
pub(crate) fn binary(bytes: impl Into<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], Body::from(bytes.into())).into_response()
}
