"""Returns that come by mail: attachments from an IMAP mailbox into the inbox, each message once."""
