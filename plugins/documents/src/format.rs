//! What a file is. The host says so; it is the enumeration of the WIT, for readers that are
//! tested without a host.

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A page of HTML.
    Html,
    /// A Jupyter notebook.
    Notebook,
    /// One e-mail.
    Mail,
    /// A folder of e-mails in one file.
    Mailbox,
    /// Zipped XML: an office document or a book.
    Zipped,
    /// An office document in one file of XML.
    Flat,
    /// The container of older office documents.
    Compound,
    /// Rich text.
    RichText,
    /// Subtitles.
    Subtitles,
    /// Events and contacts.
    Calendar,
    /// A board of notes.
    Canvas,
    /// A drawing.
    Drawing,
    /// Exported notes of Evernote.
    Evernote,
    /// A book in one file of XML.
    FictionBook,
    /// An outline, a mind map or a diagram.
    Outline,
    /// News, RSS or Atom.
    Feed,
    /// What MediaWiki exports, or one article of it.
    Wiki,
    /// XML that says what each part is.
    Structured,
    /// A page of a manual.
    Manual,
    /// A mail that Outlook packed.
    Tnef,
    /// Places and ways.
    Places,
    /// What programs of Apple save.
    PropertyList,
    /// Texts beside their translations.
    Translations,
    /// A document of LyX.
    Lyx,
    /// Conversations that a program for messages exports.
    Chat,
    /// Bookmarks that a browser keeps.
    Bookmarks,
}
