"""The language on the wire: typed messages, XML and WBXML codecs, status and alert codes. No I/O, no clock."""
