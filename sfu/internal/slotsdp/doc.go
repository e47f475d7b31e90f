// Package slotsdp reads the offer of a subscribe transport and writes its one answer (RFC 8829, RFC 8866).
//
// It is pure: text in, what was agreed and text out; it starts no goroutine. It takes the offers of browsers,
// libdatachannel, GStreamer and Pion alike: m-lines in any order, one transport for all of them (BUNDLE, or a single
// m-line), credentials at either level, with RTX or without. Whatever it does not know is left out of the answer. It
// imports sfu/media and Pion's parser. Payload types and extension ids are the offer's.
package slotsdp
