"""HTTP on blocking sockets, both roles, with every octet under control. Knows nothing of OMA DM."""
