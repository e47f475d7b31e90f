#!/usr/bin/python3
"""One GStreamer webrtcbin at a WHIP or WHEP door, the smallest client there is: one POST, no trickling.

webrtcbin.py publish URL CODEC [TOKEN [FILM HZ]]   sends a picture (CODEC: vp8, h264, vp9) and a tone until it is killed:
                                                  a test picture, or a film (y4m) over and over
webrtcbin.py play URL CODEC [TOKEN]      decodes and prints "picture WIDTHxHEIGHT" and "sound" for each 25th buffer
"""
import os
import sys
import threading
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

mode, url, codec = sys.argv[1:4]
token = sys.argv[4] if len(sys.argv) > 4 else ""
film, hertz = sys.argv[5:7] if len(sys.argv) > 6 else ("", "440")
Gst.init(None)
loop = GLib.MainLoop()

ENCODERS = {
    "vp8": "vp8enc deadline=1 keyframe-max-dist=50 target-bitrate=500000 ! rtpvp8pay picture-id-mode=15-bit",
    "vp9": "vp9enc deadline=1 cpu-used=8 keyframe-max-dist=50 target-bitrate=500000 ! rtpvp9pay",
    "h264": "openh264enc bitrate=500000 gop-size=50 ! h264parse config-interval=-1 ! rtph264pay aggregate-mode=zero-latency",
}
NAMES = {"vp8": "VP8", "vp9": "VP9", "h264": "H264"}
VIDEO = f"application/x-rtp,media=video,encoding-name={NAMES[codec]},payload=96,clock-rate=90000"
AUDIO = "application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2"


def say(*words):
    print(*words, flush=True)


def fail(why):
    say("failed:", why)
    loop.quit()


def unroll(path, to):
    """Writes one endless y4m: the header once, the pictures again and again."""
    with open(path, "rb") as y4m, open(to, "wb") as out:
        out.write(y4m.readline())
        pictures = y4m.tell()
        while True:
            while part := y4m.read(1 << 20):
                out.write(part)
            y4m.seek(pictures)


SOURCE = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1"
if film:
    reader, writer = os.pipe()
    threading.Thread(target=unroll, args=(film, writer), daemon=True).start()
    SOURCE = f"fdsrc fd={reader} ! y4mdec ! clocksync ! queue ! videoconvert"

if mode == "publish":
    pipeline = Gst.parse_launch(
        "webrtcbin name=door bundle-policy=max-bundle "
        f"{SOURCE} ! {ENCODERS[codec]} ! {VIDEO} ! door. "
        f"audiotestsrc is-live=true freq={hertz} volume=0.35 ! audioconvert ! audioresample ! opusenc ! rtpopuspay ! {AUDIO} ! door. "
    )
    door = pipeline.get_by_name("door")
else:
    pipeline = Gst.Pipeline()
    door = Gst.ElementFactory.make("webrtcbin")
    door.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
    pipeline.add(door)
    for caps in (VIDEO, AUDIO):
        door.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps))


def on_gathered(element, _parameter):
    if element.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
        return
    offer = element.get_property("local-description").sdp.as_text()
    request = urllib.request.Request(url, offer.encode(), {"Content-Type": "application/sdp"}, method="POST")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request) as response:
            say("session", response.headers["Location"])
            answer = response.read()
    except OSError as e:
        return fail(f"{e} {getattr(e, 'read', lambda: b'')().decode()}\n{offer}")
    _, sdp = GstSdp.SDPMessage.new_from_text(answer.decode())
    described = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
    element.emit("set-remote-description", described, Gst.Promise.new())


def make_offer(_element=None):
    door.emit("create-offer", None, Gst.Promise.new_with_change_func(on_offer, None))
    return False


def on_offer(promise, _data):
    promise.wait()
    reply = promise.get_reply()
    door.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())


def on_pad(_element, pad):
    if pad.direction != Gst.PadDirection.SRC:
        return
    decode = Gst.ElementFactory.make("decodebin")
    decode.connect("pad-added", on_decoded)
    pipeline.add(decode)
    decode.sync_state_with_parent()
    pad.link(decode.get_static_pad("sink"))


def on_decoded(_element, pad):
    kind = pad.get_current_caps().get_structure(0).get_name()
    sink = Gst.ElementFactory.make("fakesink")
    sink.set_property("signal-handoffs", True)
    sink.set_property("sync", False)
    seen = [0]

    def on_buffer(_sink, _buffer, at):
        seen[0] += 1
        if seen[0] % 25 != 1:
            return
        if kind.startswith("video"):
            shape = at.get_current_caps().get_structure(0)
            say("picture", f"{shape.get_value('width')}x{shape.get_value('height')}")
        else:
            say("sound")

    sink.connect("handoff", on_buffer)
    pipeline.add(sink)
    sink.sync_state_with_parent()
    pad.link(sink.get_static_pad("sink"))


def on_message(_bus, message):
    if message.type == Gst.MessageType.ERROR:
        fail(message.parse_error())


door.connect("notify::ice-gathering-state", on_gathered)
door.connect("on-negotiation-needed", make_offer)
door.connect("pad-added", on_pad)
bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect("message", on_message)
pipeline.set_state(Gst.State.PLAYING)
if mode == "play":
    GLib.idle_add(make_offer)  # its transceivers were there before the state in which it would tell
loop.run()
pipeline.set_state(Gst.State.NULL)
sys.exit(1)
