//! This program as the client of a server, and what a server says without being asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use rmcp::model::{
    ClientConfig, CustomNotification, Implementation, ProgressNotificationParam, ProtocolVersion,
};
use rmcp::service::{NotificationContext, RoleClient};
use rmcp::{ClientHandler, Peer};
use std::sync::Arc;

/// What a server has said beside its answers.
#[derive(Default)]
pub(super) struct Life {
    heard: Mutex<Option<Instant>>,
    changed: AtomicBool,
}

impl Life {
    /// When it last said that it gets on with its work.
    pub(super) fn heard(&self) -> Option<Instant> {
        *self.heard.lock()
    }

    /// Whether it said, since this was last asked, that its tools have changed.
    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    fn note_heard(&self) {
        *self.heard.lock() = Some(Instant::now());
    }

    fn note_changed(&self) {
        self.changed.store(true, Ordering::Relaxed);
    }
}

/// This program, as it presents itself.
pub(super) struct Client {
    config: ClientConfig,
    life: Arc<Life>,
}

impl Client {
    pub(super) fn new(life: Arc<Life>) -> Self {
        let mut config = ClientConfig::default();
        config.client_info = Implementation::new("quipu", env!("CARGO_PKG_VERSION"));
        // The newest that has this handshake; a newer one has another.
        config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        Self { config, life }
    }
}

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        self.config.clone()
    }

    async fn on_progress(&self, _: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.life.note_heard();
    }

    async fn on_custom_notification(
        &self,
        told: CustomNotification,
        _: NotificationContext<RoleClient>,
    ) {
        // Such as one that says how far it is in words.
        if told.method == "notifications/progress" {
            self.life.note_heard();
        }
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.life.note_changed();
    }
}

/// Keeps listening for changes of the tools, where a server says them only to those who
/// asked: from the revision that has no handshake.
pub(super) async fn listen(peer: Peer<RoleClient>, life: Arc<Life>) {
    let Some(info) = peer.peer_info() else { return };
    let tools = info.capabilities.tools.as_ref();
    let tells = tools.and_then(|tools| tools.list_changed) == Some(true);
    if !tells || info.protocol_version.has_initialize() {
        return;
    }
    let changes = rmcp::model::SubscriptionFilter::builder()
        .tools_list_changed()
        .build();
    if let Ok(mut changes) = peer.listen(changes).await {
        while let Ok(Some(_)) = changes.next().await {
            life.note_changed();
        }
    }
}
