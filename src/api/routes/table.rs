//! The routes: a path, a method, the handler, and what the document says of it.

use axum::http::StatusCode;

use super::{
    IDS_BODY_BYTES, answers, compared, deliveries, events, images, import, jobs, marks, one_delivery, openapi, prune,
    reload, secrets, send, status,
};
use crate::api::openapi::shapes::{
    AnyJobResult, AttemptReport, AttemptRow, ChangedDelivery, CheckResult, ChosenAnswer, DecidedAnswer, DeletedIds,
    DeletionResult, DeliveryDetail, DeliveryImages, DeliveryPage, DiagnosisReport, FilterCheck, GivenSecretReport,
    HeldReport, ImportResult, JobReport, JobsReport, ListenerReport, MarkingResult, MessageDifferences, PruneResult,
    ReloadedReport, RestoringResult, RulesReport, SecretsReport, SendingResult, StoppingReport, TakenSecretReport,
};
use crate::api::openapi::{ApiRoutes, operation};

/// What the events of the stream are.
const EVENTS: &str = "Server-sent events. `delivery`: a delivery that is on disk (DeliveryRow), with its number as the id; \
    `answered`: the same once its answer is known; `change`: something else happened (Change); `missed`: deliveries that can no \
    longer be told (Missed). A client that was cut off goes on where it was with the header Last-Event-ID.";

/// Requests whose time and number are bounded.
pub(super) fn bounded() -> ApiRoutes {
    let routes = [listener, found, changed, answered, worked, sent];
    routes.into_iter().fold(ApiRoutes::default(), |routes, more| more(routes))
}

/// A file of any length: bounded piece by piece, and one at a time.
pub(super) fn unbounded() -> ApiRoutes {
    let import = operation("importDeliveries", "Import deliveries from a file")
        .explained(
            "The body is a file in a format that `whyhook import` takes. Everything in it is read before anything is kept, and what was kept is removed when the rest cannot be.",
        )
        .job::<ImportResult>()
        .refuses(StatusCode::REQUEST_TIMEOUT)
        .refuses(StatusCode::INSUFFICIENT_STORAGE);
    ApiRoutes::default().post("/import", import::import, import)
}

/// The listener itself.
fn listener(routes: ApiRoutes) -> ApiRoutes {
    let document =
        operation("getOpenapi", "This document").json::<serde_json::Map<String, serde_json::Value>>("OpenAPI 3.1");
    let state = operation("getStatus", "What runs here").json::<ListenerReport>("The listener's state");
    let events_of = operation("streamEvents", "What happens, as it happens").explained(EVENTS).events("The stream");
    let reload = operation("reloadConfiguration", "Read the configuration again")
        .json::<ReloadedReport>("What has changed")
        .refuses(StatusCode::NOT_FOUND)
        .refuses(StatusCode::CONFLICT);
    let stop = operation("stopListener", "End the listener").accepted::<StoppingReport>("It ends");
    let root = operation("getRoot", "What runs here, for a browser")
        .explained(
            "On the port, `/?token=TOKEN` gives a browser a cookie in the place of the token, and sends it here with the status 303.",
        )
        .json::<ListenerReport>("The listener's state, as of /status");
    let list = operation("listSecrets", "The secrets, by their labels").json::<SecretsReport>("The secrets");
    let give = operation("giveSecret", "Give a secret for the run of the listener")
        .explained("Stored deliveries that did not verify are judged again, as a job.")
        .json::<GivenSecretReport>("It is in use");
    let take_back = operation("removeSecret", "Take back a secret of this run")
        .json::<TakenSecretReport>("It is no longer in use")
        .refuses(StatusCode::CONFLICT);
    let put = operation("putSecret", "Give a secret for the run of the listener")
        .explained("The same as giveSecret.")
        .json::<GivenSecretReport>("It is in use");
    let delete = operation("deleteSecret", "Take back a secret of this run")
        .explained("The same as removeSecret.")
        .json::<TakenSecretReport>("It is no longer in use")
        .refuses(StatusCode::CONFLICT);
    routes
        .get("/", status::status, root)
        .get("/openapi.json", openapi, document)
        .get("/status", status::status, state)
        .get("/events", events::events, events_of)
        .post("/reload", reload::reload, reload)
        .post("/stop", status::stop, stop)
        .get("/secrets", secrets::list, list)
        .post("/secrets", secrets::give, give)
        .delete("/secrets/{label}", secrets::take_back, take_back)
        .put("/secret", secrets::give, put)
        .delete("/secret/{label}", secrets::take_back, delete)
}

/// Deliveries and attempts, to be read.
fn found(routes: ApiRoutes) -> ApiRoutes {
    const BYTES: [&str; 1] = ["application/octet-stream"];
    const IMAGES: [&str; 2] = ["image/*", "application/octet-stream"];
    let check_filter = operation("checkFilter", "Whether a filter is valid").json::<FilterCheck>("What was found");
    let list = operation("listDeliveries", "A page of deliveries, the newest first")
        .explained("A search ends after five seconds, with fewer deliveries and a next.")
        .json::<DeliveryPage>("The page");
    let show = operation("getDelivery", "A delivery with everything that is known of it")
        .json::<DeliveryDetail>("The delivery");
    let body = operation("getDeliveryBody", "The exact bytes of a body").bytes("The body", &BYTES, None);
    let raw = operation("getDeliveryRaw", "Head and body section as received").bytes("The request", &BYTES, None);
    let diagnosis = operation("getDeliveryDiagnosis", "Why a signature does not match")
        .json::<Option<DiagnosisReport>>("The diagnosis; null where there is nothing to explain");
    let attempts = operation("listDeliveryAttempts", "The newest attempts made from a delivery")
        .json::<Vec<AttemptRow>>("The attempts, the newest first");
    let images_of = operation("listDeliveryImages", "The images of a delivery").json::<DeliveryImages>("What they are");
    let image = operation("getDeliveryImage", "The exact bytes of an image").bytes(
        "The image, as a download",
        &IMAGES,
        Some(("X-Whyhook-Partial", "true where a part is missing")),
    );
    let diff = operation("compare", "What differs between two deliveries, or the responses of two attempts")
        .json::<MessageDifferences>("The differences")
        .refuses(StatusCode::NOT_FOUND);
    let attempt = operation("getAttempt", "A stored attempt").json::<AttemptReport>("The attempt");
    routes
        .get("/filter", deliveries::check_filter, check_filter)
        .get("/deliveries", deliveries::list, list)
        .get("/deliveries/{id}", deliveries::show, show)
        .get("/deliveries/{id}/body", deliveries::body, body)
        .get("/deliveries/{id}/raw", deliveries::raw, raw)
        .get("/deliveries/{id}/diagnosis", deliveries::diagnosis, diagnosis)
        .get("/deliveries/{id}/attempts", deliveries::attempts, attempts)
        .get("/deliveries/{id}/images", images::list, images_of)
        .get("/deliveries/{id}/images/{number}", images::bytes, image)
        .get("/diff", compared::diff, diff)
        .get("/attempts/{number}", compared::attempt, attempt)
}

/// Deliveries, to be changed.
fn changed(routes: ApiRoutes) -> ApiRoutes {
    let mark = operation("markDeliveries", "Pin deliveries, write notes on them, tag them").job::<MarkingResult>();
    let delete =
        operation("deleteDeliveries", "Hide deliveries until they are removed for good").job::<DeletionResult>();
    let undelete = operation("undeleteDeliveries", "Bring back hidden deliveries").job::<RestoringResult>();
    let deleted = operation("listDeleted", "What can be brought back").json::<DeletedIds>("The numbers");
    let undo = operation("undoDeletion", "Bring back everything that was deleted")
        .explained("Waits for the job, twenty seconds at most.")
        .job::<RestoringResult>();
    let one =
        |id, summary| operation(id, summary).json::<ChangedDelivery>("The delivery, and whether it is different now");
    let delete_one =
        one("deleteDelivery", "Hide a delivery until it is removed for good").refuses(StatusCode::CONFLICT);
    let prune = operation("pruneDeliveries", "Delete deliveries for good").job::<PruneResult>();
    routes
        .post("/marks", marks::mark, mark.body_limit(IDS_BODY_BYTES))
        .post("/delete", marks::delete, delete.body_limit(IDS_BODY_BYTES))
        .post("/undelete", marks::undelete, undelete.body_limit(IDS_BODY_BYTES))
        .get("/deleted", marks::deleted, deleted)
        .post("/undo", marks::undo, undo)
        .delete("/deliveries/{id}", one_delivery::delete, delete_one)
        .put("/deliveries/{id}/note", one_delivery::note, one("noteDelivery", "Write a note on a delivery"))
        .put("/deliveries/{id}/pin", one_delivery::pin, one("pinDelivery", "Pin a delivery"))
        .delete("/deliveries/{id}/pin", one_delivery::unpin, one("unpinDelivery", "Unpin a delivery"))
        .post("/prune", prune::prune, prune.body_limit(IDS_BODY_BYTES))
}

/// What goes back to senders.
fn answered(routes: ApiRoutes) -> ApiRoutes {
    let rules = |id, summary| operation(id, summary).json::<RulesReport>("The rules now");
    let chosen = operation("getAnswer", "The answer chosen over the rules")
        .json::<Option<ChosenAnswer>>("The answer; null where the rules decide");
    let choose = operation("chooseAnswer", "Choose the answer over the rules").json::<ChosenAnswer>("The answer");
    let clear = operation("clearAnswer", "Let the rules decide again").nothing("They do");
    let held =
        operation("listHeld", "The deliveries that wait for a decision").json::<Vec<HeldReport>>("The deliveries");
    let decide = operation("answerHeld", "Answer a held delivery")
        .json::<DecidedAnswer>("The answer that it gets")
        .refuses(StatusCode::CONFLICT);
    routes
        .get("/answer", answers::chosen, chosen)
        .put("/answer", answers::choose, choose)
        .delete("/answer", answers::clear, clear)
        .get("/rules", answers::rules, rules("listRules", "The rules"))
        .put("/rules", answers::set_rules, rules("setRules", "Replace the rules"))
        .post("/rules", answers::add_rule, rules("addRule", "Add a rule"))
        .delete("/rules/{number}", answers::remove_rule, rules("removeRule", "Remove a rule"))
        .post("/rules/{number}/move", answers::move_rule, rules("moveRule", "Move a rule"))
        .get("/held", answers::held, held)
        .post("/held/{id}", answers::decide, decide)
}

/// Work that takes longer.
fn worked(routes: ApiRoutes) -> ApiRoutes {
    type AnyJob = JobReport<AnyJobResult>;
    let list = operation("listJobs", "The jobs, the oldest first").json::<JobsReport>("The jobs");
    let job = operation("getJob", "A job, or its end").json::<AnyJob>("The job");
    let cancel = operation("cancelJob", "Ask a job to end").json::<AnyJob>("The job as it is now");
    routes.get("/jobs", jobs::list, list).get("/jobs/{number}", jobs::job, job).delete(
        "/jobs/{number}",
        jobs::cancel,
        cancel,
    )
}

/// What is sent.
fn sent(routes: ApiRoutes) -> ApiRoutes {
    let replay = operation("replayDeliveries", "Send captured deliveries again")
        .job::<SendingResult>()
        .refuses(StatusCode::NOT_FOUND);
    let simulate = operation("simulateDeliveries", "Send made deliveries, signed like real ones")
        .job::<SendingResult>()
        .refuses(StatusCode::NOT_FOUND);
    let check = operation("checkReceiver", "Check that a receiver accepts valid deliveries and refuses all others")
        .job::<CheckResult>();
    routes
        .post("/replay", send::replay, replay.body_limit(IDS_BODY_BYTES))
        .post("/simulate", send::simulate, simulate.body_limit(IDS_BODY_BYTES))
        .post("/check", send::check, check)
}
