//! What the department's streams show: queue, doctor, door, ticket, session, site.
