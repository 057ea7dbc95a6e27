//! What can be asked, and the layers around it.

mod answers;
#[cfg(unix)]
mod attach;
mod compared;
mod deliveries;
mod events;
mod images;
mod import;
mod jobs;
mod marks;
mod one_delivery;
mod prune;
mod reload;
mod run_changes;
mod secrets;
mod send;
mod status;
mod table;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use tokio::sync::Semaphore;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::timeout::TimeoutLayer;
use tower::{BoxError, ServiceBuilder};

use super::ApiProblem;
use super::extract::SafeJson;
use super::openapi::{ApiRoutes, openapi_document};
use super::state::ApiState;

/// The state as handlers take it.
type Shared = axum::extract::State<Arc<ApiState>>;

/// Requests at a time; more are told to come again.
const REQUESTS: usize = 32;
/// How long a request may take until its response begins.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest body that names deliveries: ranges of a million of which every second is meant.
const IDS_BODY_BYTES: usize = 32 * 1024 * 1024;
/// The longest other body.
const BODY_BYTES: usize = 1024 * 1024;

/// Everything that can be asked over the Unix socket: what [`router`] has, and what interfaces in other processes ask, which
/// are told the secrets.
#[cfg(unix)]
pub(super) fn socket_router(state: Arc<ApiState>) -> Router {
    let routes = Router::new().route("/attach", get(attach::follow).post(attach::ask));
    // Neither counted nor timed: a change that waits for the disk is told when it is done.
    let routes = routes.layer(DefaultBodyLimit::max(IDS_BODY_BYTES)).layer(middleware::from_fn(finish));
    routes.with_state(Arc::clone(&state)).merge(router(state))
}

/// Everything that can be asked of `state`; [`table`] has the routes.
pub(super) fn router(state: Arc<ApiState>) -> Router {
    let bounds = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(refused))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::with_semaphore(Arc::new(Semaphore::new(REQUESTS))))
        .layer(TimeoutLayer::new(PATIENCE));
    table::bounded()
        .into_router()
        .layer(bounds)
        .merge(table::unbounded().into_router())
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn(finish))
        .with_state(state)
}

/// Everything that is documented.
pub(super) fn documented() -> [ApiRoutes; 2] {
    [table::bounded(), table::unbounded()]
}

/// `GET /openapi.json`.
async fn openapi() -> SafeJson {
    SafeJson(openapi_document())
}

async fn unknown() -> ApiProblem {
    ApiProblem::missing("no such resource: docs/control.md lists them")
}

async fn not_allowed(method: Method) -> ApiProblem {
    ApiProblem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not possible here"))
}

/// What the bounds refuse.
async fn refused(error: BoxError) -> ApiProblem {
    if error.is::<tower::timeout::error::Elapsed>() {
        ApiProblem::busy(format!("the request took longer than {} seconds", PATIENCE.as_secs()))
    } else {
        ApiProblem::busy(format!("{REQUESTS} requests are in progress"))
    }
}

/// The headers that every response has.
pub(super) fn secure(response: &mut Response) {
    const HEADERS: [(HeaderName, &str); 3] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

/// Headers that every response has, and a line in the log. A path or a filter may hold what was received: the log
/// names the route.
async fn finish(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "unknown".to_owned(), |path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    secure(&mut response);
    let (status, ms) = (response.status().as_u16(), crate::system::log::ms(begun.elapsed()));
    if method.is_safe() {
        tracing::debug!(%method, route, status, ms, "control request");
    } else {
        tracing::info!(%method, route, status, ms, "control request");
    }
    response
}
