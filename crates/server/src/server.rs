//! The server: a listener on loopback, from its start to its end.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use kinetoscope_sql::SessionOptions;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::access::{Access, Token};
use crate::answer::{Refusal, guarded};
use crate::api;
use crate::collection::Collection;
use crate::library::Library;
use crate::page;
use crate::work::Workers;

/// Answers that are worked on for each processor. More would only take turns.
const WORKERS_PER_PROCESSOR: usize = 2;

/// What the server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One trace, opened at once.
    Open,
    /// Many traces, opened when somebody asks for them.
    Serve,
}

impl Mode {
    /// The word that the API uses.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Serve => "serve",
        }
    }
}

/// What clients may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body.
    pub max_body_bytes: usize,
    /// Time that one script of SQL may take, its client's reading included.
    pub query_timeout: Duration,
    /// Time after which an opening that nobody asks about any more is cancelled. A page asks more than once a second, and
    /// one in the background once a minute.
    pub opening_patience: Duration,
    /// Memory in bytes that the queries of one page may hold.
    pub query_memory_bytes: usize,
    /// Where queries that need more put what they sort, group or join; without one they fail.
    pub spill_folder: Option<PathBuf>,
    /// Bytes of the files of open traces, above which those that nobody looks at are closed.
    pub max_open_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 1 << 20,
            query_timeout: Duration::from_secs(600),
            opening_patience: Duration::from_secs(180),
            query_memory_bytes: 4 << 30,
            spill_folder: None,
            max_open_bytes: 4 << 30,
        }
    }
}

/// How a server starts.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// What it is for.
    pub mode: Mode,
    /// Name or address to listen on.
    pub host: String,
    /// Port to listen on; 0 for any that is free.
    pub port: u16,
    /// The secret part of the address.
    pub token: Token,
    /// What clients may cost.
    pub limits: Limits,
}

/// Why a server does not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {host}:{port}: {source}")]
    Listen {
        /// Host as asked for.
        host: String,
        /// Port as asked for.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The system gave no threads or the listener broke.
    #[error("the server stopped: {0}")]
    Broken(#[from] io::Error),
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) mode: Mode,
    pub(crate) access: Access,
    pub(crate) collection: Arc<Collection>,
    pub(crate) workers: Workers,
    pub(crate) session_options: SessionOptions,
    pub(crate) query_timeout: Duration,
}

/// Ends a server; may be shared with other threads.
#[derive(Debug, Clone, Default)]
pub struct StopHandle(Arc<Notify>);

impl StopHandle {
    /// Ends the server that runs with this handle, or the next one that would.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    options: ServerOptions,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Listens, and answers nobody yet.
    pub fn bind(library: Arc<dyn Library>, options: ServerOptions) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Listen { host: options.host.clone(), port: options.port, source };
        let addresses: Vec<SocketAddr> =
            (options.host.as_str(), options.port).to_socket_addrs().map_err(failed)?.collect();
        let listener = TcpListener::bind(addresses.as_slice()).map_err(failed)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let limits = &options.limits;
        let num_processors = std::thread::available_parallelism().map_or(1, usize::from);
        let shared = Shared {
            mode: options.mode,
            access: Access::new(options.token.clone(), address, &options.host),
            collection: Arc::new(Collection::new(library, limits.max_open_bytes)),
            workers: Workers::new(WORKERS_PER_PROCESSOR * num_processors),
            query_timeout: limits.query_timeout,
            session_options: SessionOptions {
                timeout: Some(limits.query_timeout),
                memory_limit_bytes: Some(limits.query_memory_bytes),
                spill_folder: limits.spill_folder.clone(),
                ..SessionOptions::default()
            },
        };
        Ok(Self { listener, address, shared: Arc::new(shared), options })
    }

    /// The address of the page, with the token.
    pub fn url(&self) -> String {
        let host = match self.address {
            // Everywhere is no place to go to.
            address if address.ip().is_unspecified() => format!("127.0.0.1:{}", address.port()),
            address => address.to_string(),
        };
        format!("http://{host}/{}/", self.options.token)
    }

    /// Answers until `stop` is used.
    pub fn run(self, stop: &StopHandle) -> Result<(), ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("server").build()?;
        let collection = Arc::clone(&self.shared.collection);
        collection.refresh();
        if self.options.mode == Mode::Open
            && let Err(refusal) = collection.open_all()
        {
            return Err(ServerError::Broken(io::Error::other(refusal.explanation.message)));
        }
        let front = Arc::new(Front {
            api: api::router(Arc::clone(&self.shared)).layer(DefaultBodyLimit::max(self.options.limits.max_body_bytes)),
            shared: self.shared,
        });
        let router = Router::new().fallback(answer).with_state(front);
        let watched = Arc::clone(&collection);
        let ended = runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let patience = self.options.limits.opening_patience;
            // The trace of `open` was asked for on the command line.
            if self.options.mode == Mode::Serve {
                let collection = Arc::clone(&watched);
                tokio::spawn(async move {
                    // Four looks in that time: what is forgotten is cancelled soon after.
                    let mut looks = tokio::time::interval((patience / 4).max(Duration::from_millis(1)));
                    loop {
                        looks.tick().await;
                        collection.cancel_forgotten(patience);
                    }
                });
            }
            // What is no HTTP is answered by the library below, with a status and without a body or the headers of
            // `guarded`: it lets nobody add any, and without a body there is nothing for them to guard.
            let serve = axum::serve(listener, router);
            tokio::select! {
                ended = async { serve.await } => ended,
                () = stop.0.notified() => Ok(()),
            }
        });
        collection.cancel_all();
        // A client may hold a connection, and a thread may be deep in an answer; nobody waits for either.
        runtime.shutdown_background();
        Ok(ended?)
    }
}

/// What stands before the API.
struct Front {
    api: Router,
    shared: Arc<Shared>,
}

/// Answers a request if whoever sent it may ask.
async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let response = match admit(&front, request) {
        Ok(Admitted::Page(response)) => response,
        Ok(Admitted::Api(request)) => match front.api.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        Err(refusal) => refusal.into_response(),
    };
    guarded(response)
}

enum Admitted {
    Page(Response),
    Api(Request),
}

fn admit(front: &Front, mut request: Request) -> Result<Admitted, Refusal> {
    let access = &front.shared.access;
    access.check(request.headers())?;
    let rest = access.strip_token(request.uri().path())?.to_owned();
    if rest.is_empty() {
        let location = format!("{}/", request.uri().path());
        return Ok(Admitted::Page(axum::response::Redirect::permanent(&location).into_response()));
    }
    if let Some(path) = rest.strip_prefix(api::PREFIX).filter(|path| path.starts_with('/')) {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        *request.uri_mut() = format!("{path}{query}").parse().map_err(Refusal::internal)?;
        return Ok(Admitted::Api(request));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "the page is only read"));
    }
    page::asset(&rest).map(Admitted::Page).ok_or_else(|| Refusal::not_found(format_args!("`{rest}` on this server")))
}
