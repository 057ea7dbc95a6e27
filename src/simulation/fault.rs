//! What can go wrong with a simulation, in the terms of the documentation's table.

/// An error of the simulator, as the documentation names it. What the endpoint itself answers, a 404
/// of its own for one, is a result and none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No webhook of that name.
    WebhookNotFound,
    /// The webhook does not subscribe to the event.
    EventNotRegistered,
    /// The simulator itself cannot send just now.
    ServiceUnavailable,
    /// The endpoint cannot be reached.
    NetworkError,
    /// Anything else: the endpoint was reached and gave no proper answer.
    SimulationFailed,
}

impl Fault {
    /// Every error, in the order of the documentation's table.
    pub const ALL: [Self; 5] = [
        Self::WebhookNotFound,
        Self::EventNotRegistered,
        Self::ServiceUnavailable,
        Self::NetworkError,
        Self::SimulationFailed,
    ];

    /// The stable name in JSON output.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::WebhookNotFound => "webhook_not_found",
            Self::EventNotRegistered => "event_type_not_registered",
            Self::ServiceUnavailable => "service_unavailable",
            Self::NetworkError => "network_error",
            Self::SimulationFailed => "simulation_failed",
        }
    }

    /// The simulator's own status, where the table gives one.
    #[must_use]
    pub fn status(self) -> Option<u16> {
        match self {
            Self::WebhookNotFound => Some(404),
            Self::EventNotRegistered => Some(400),
            Self::ServiceUnavailable => Some(503),
            Self::NetworkError | Self::SimulationFailed => None,
        }
    }

    /// The error as it is shown.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::WebhookNotFound => "Webhook not found",
            Self::EventNotRegistered => "Event type not registered",
            Self::ServiceUnavailable => "Service unavailable",
            Self::NetworkError => "Network error",
            Self::SimulationFailed => "Simulation failed",
        }
    }

    /// What it means, and what to do.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::WebhookNotFound => "no webhook of this name is configured any more: pick another",
            Self::EventNotRegistered => "the event is not among the webhook's subscribed ones: pick one of them",
            Self::ServiceUnavailable => "the simulator itself cannot send just now: try again in a moment",
            Self::NetworkError => "the endpoint cannot be reached: is it running, and is the URL right?",
            Self::SimulationFailed => "the endpoint gave no proper answer: look at its logs",
        }
    }
}
