// Generated from docs/protocol by `PLENUM_WRITE=1 cargo test -p signaling`. Do not edit.

import type { ClientFrame, ErrorCode, ServerFrame } from '../../src/gen/protocol.ts';

export const client: Record<string, ClientFrame> = {
join: {
  "id": 1,
  "type": "join",
  "room": "daily",
  "name": "Ada Lovelace",
  "metadata": "{\"avatar\":\"fox\"}"
},
join_compat: {
  "id": 1,
  "type": "join",
  "room": "daily",
  "name": "Ada Lovelace",
  "compat": true
},
join_resume: {
  "id": 9,
  "type": "join",
  "room": "daily",
  "name": "Ada Lovelace",
  "resume": "0f3c5a7e9b1d2f4a6c8e0a2b4c6d8e0f"
},
join_token: {
  "id": 1,
  "type": "join",
  "room": "daily",
  "name": "Ada Lovelace",
  "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhcHAi…"
},
leave: {
  "id": 10,
  "type": "leave"
},
mute: {
  "id": 6,
  "type": "mute",
  "track": "t_2b7f00e1",
  "muted": true
},
offer: {
  "id": 2,
  "type": "offer",
  "sdp": "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n…",
  "tracks": [
    {
      "mid": "0",
      "source": "microphone"
    },
    {
      "mid": "1",
      "source": "camera"
    },
    {
      "mid": "2",
      "source": "screen"
    },
    {
      "mid": "3",
      "source": "screen_audio"
    }
  ]
},
participants: {
  "id": 8,
  "type": "participants",
  "offset": 100,
  "limit": 50
},
ping: {
  "id": 11,
  "type": "ping"
},
publish: {
  "id": 3,
  "type": "publish",
  "mid": "1",
  "layers": [
    {
      "rid": "q",
      "height": 180,
      "max_bitrate": 150000
    },
    {
      "rid": "h",
      "height": 360,
      "max_bitrate": 500000
    },
    {
      "rid": "f",
      "height": 720,
      "max_bitrate": 1800000
    }
  ],
  "muted": false
},
renew: {
  "id": 12,
  "type": "renew",
  "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhcHAi…"
},
unpublish: {
  "id": 4,
  "type": "unpublish",
  "mid": "1"
},
update: {
  "id": 7,
  "type": "update",
  "name": "Ada, Countess of Lovelace",
  "metadata": "{\"hand\":\"up\"}"
},
view: {
  "id": 5,
  "type": "view",
  "tiles": [
    {
      "participant": "p_5e0c81d2",
      "source": "screen",
      "height": 1080,
      "priority": 0
    },
    {
      "participant": "p_5e0c81d2",
      "source": "camera",
      "height": 180,
      "priority": 1
    },
    {
      "participant": "p_91ab23cd",
      "source": "camera",
      "height": 0,
      "priority": 9
    }
  ],
  "auto_height": 180
},
};

export const server: Record<string, ServerFrame> = {
answer: {
  "id": 2,
  "type": "answer",
  "sdp": "v=0\r\no=- 7382911 1 IN IP4 0.0.0.0\r\n…"
},
codec: {
  "type": "codec",
  "track": "t_2b7f00e1",
  "codec": "vp8"
},
draining: {
  "type": "draining",
  "retry_after_ms": 2500
},
error: {
  "id": 6,
  "type": "error",
  "code": "not_found",
  "message": "track t_2b7f00e1 is not one of yours"
},
joined: {
  "type": "joined",
  "revision": 18,
  "count": 4,
  "participants": [
    {
      "id": "p_c0ffee01",
      "name": "Eve",
      "state": "connecting",
      "tracks": []
    }
  ]
},
layers: {
  "type": "layers",
  "track": "t_2b7f00e1",
  "wanted": [
    "q",
    "h"
  ]
},
left: {
  "type": "left",
  "revision": 19,
  "count": 3,
  "participants": [
    "p_c0ffee01"
  ]
},
ok: {
  "id": 5,
  "type": "ok"
},
participants: {
  "id": 8,
  "type": "participants",
  "count": 151,
  "participants": [
    {
      "id": "p_91ab23cd",
      "name": "王小明",
      "metadata": "{\"avatar\":\"owl\"}",
      "state": "connecting",
      "tracks": []
    }
  ]
},
permissions: {
  "type": "permissions",
  "revision": 24,
  "permissions": {
    "publish": [
      "microphone"
    ],
    "subscribe": true,
    "data": false,
    "hidden": false,
    "see_hidden": false,
    "admin": false
  }
},
pong: {
  "id": 11,
  "type": "pong"
},
published_ok: {
  "id": 3,
  "type": "published_ok",
  "track": {
    "id": "t_2b7f00e1",
    "csrc": 729743585,
    "source": "camera",
    "muted": false
  }
},
quality: {
  "type": "quality",
  "participants": [
    {
      "participant": "p_5e0c81d2",
      "score": 100
    },
    {
      "participant": "p_0a1b2c3d",
      "score": 55,
      "reason": "downlink_bandwidth"
    }
  ]
},
slots: {
  "type": "slots",
  "slots": [
    {
      "mid": "4",
      "track": "t_7c1d9e40",
      "csrc": 2082315840,
      "state": "switching"
    },
    {
      "mid": "5",
      "track": null,
      "csrc": 0,
      "state": "empty"
    },
    {
      "mid": "13",
      "track": "t_0b54f3aa",
      "csrc": 190116778,
      "state": "live"
    },
    {
      "mid": "6",
      "track": "t_66e0aa10",
      "csrc": 1725999632,
      "state": "paused",
      "reason": "hidden"
    }
  ]
},
speakers: {
  "type": "speakers",
  "speakers": [
    {
      "participant": "p_5e0c81d2",
      "level": 96,
      "active": true
    },
    {
      "participant": "p_0a1b2c3d",
      "level": 71,
      "active": false
    }
  ]
},
token_expiring: {
  "type": "token_expiring",
  "seconds": 60
},
updated: {
  "type": "updated",
  "revision": 20,
  "participants": [
    {
      "id": "p_5e0c81d2",
      "name": "Grace Hopper",
      "state": "reconnecting",
      "tracks": [
        {
          "id": "t_7c1d9e40",
          "csrc": 2082315840,
          "source": "camera",
          "muted": false
        },
        {
          "id": "t_0b54f3aa",
          "csrc": 190116778,
          "source": "microphone",
          "muted": true
        }
      ]
    }
  ]
},
welcome: {
  "id": 1,
  "type": "welcome",
  "participant": "p_0a1b2c3d",
  "identity": "ada",
  "name": "Ada Lovelace",
  "room": "daily",
  "revision": 17,
  "participants": [
    {
      "id": "p_5e0c81d2",
      "identity": "grace",
      "name": "Grace Hopper",
      "state": "connected",
      "tracks": [
        {
          "id": "t_7c1d9e40",
          "csrc": 2082315840,
          "source": "camera",
          "muted": false
        },
        {
          "id": "t_0b54f3aa",
          "csrc": 190116778,
          "source": "microphone",
          "muted": true
        }
      ]
    },
    {
      "id": "p_91ab23cd",
      "name": "王小明",
      "metadata": "{\"avatar\":\"owl\"}",
      "state": "connecting",
      "tracks": []
    }
  ],
  "count": 3,
  "tracks": [],
  "slots": [],
  "permissions": {
    "publish": [
      "camera",
      "microphone",
      "screen",
      "screen_audio"
    ],
    "subscribe": true,
    "data": true,
    "hidden": false,
    "see_hidden": false,
    "admin": false
  },
  "ice_servers": [
    {
      "urls": [
        "stun:stun.example.org:3478"
      ]
    },
    {
      "urls": [
        "turn:turn.example.org:3478?transport=udp"
      ],
      "username": "1790000000:ada",
      "credential": "bm90IGEgc2VjcmV0"
    }
  ],
  "limits": {
    "participants": 500,
    "frame_bytes": 262144,
    "data_message_bytes": 16384,
    "data_messages_per_second": 50,
    "video_slots": 25,
    "audio_slots": 27
  },
  "resume": "0f3c5a7e9b1d2f4a6c8e0a2b4c6d8e0f",
  "resumed": false
},
welcome_resumed: {
  "id": 9,
  "type": "welcome",
  "participant": "p_0a1b2c3d",
  "identity": "ada",
  "name": "Ada Lovelace",
  "room": "daily",
  "revision": 23,
  "participants": [
    {
      "id": "p_5e0c81d2",
      "identity": "grace",
      "name": "Grace Hopper",
      "state": "connected",
      "tracks": [
        {
          "id": "t_7c1d9e40",
          "csrc": 2082315840,
          "source": "camera",
          "muted": false
        },
        {
          "id": "t_0b54f3aa",
          "csrc": 190116778,
          "source": "microphone",
          "muted": true
        }
      ]
    }
  ],
  "count": 2,
  "tracks": [
    {
      "id": "t_2b7f00e1",
      "csrc": 729743585,
      "source": "microphone",
      "muted": false
    }
  ],
  "slots": [
    {
      "mid": "4",
      "track": "t_7c1d9e40",
      "csrc": 2082315840,
      "state": "live"
    },
    {
      "mid": "5",
      "track": null,
      "csrc": 0,
      "state": "empty"
    },
    {
      "mid": "13",
      "track": "t_0b54f3aa",
      "csrc": 190116778,
      "state": "paused",
      "reason": "muted"
    }
  ],
  "permissions": {
    "publish": [
      "camera",
      "microphone",
      "screen",
      "screen_audio"
    ],
    "subscribe": true,
    "data": true,
    "hidden": false,
    "see_hidden": false,
    "admin": false
  },
  "ice_servers": [],
  "limits": {
    "participants": 500,
    "frame_bytes": 262144,
    "data_message_bytes": 16384,
    "data_messages_per_second": 50,
    "video_slots": 25,
    "audio_slots": 27
  },
  "resume": "0f3c5a7e9b1d2f4a6c8e0a2b4c6d8e0f",
  "resumed": true
},
};

export const errors: Record<ErrorCode, ServerFrame> = {
duplicate_identity: {
  "type": "error",
  "code": "duplicate_identity",
  "message": "the same identity joined this room on another connection"
},
frame_too_large: {
  "type": "error",
  "code": "frame_too_large",
  "message": "the frame has 300000 bytes; at most 262144 are accepted"
},
handshake_failed: {
  "type": "error",
  "code": "handshake_failed",
  "message": "the peer connection is over: DTLS alert; join again with `compat`"
},
internal: {
  "id": 4,
  "type": "error",
  "code": "internal",
  "message": "a fault of the server; join again"
},
invalid_value: {
  "id": 1,
  "type": "error",
  "code": "invalid_value",
  "message": "name: has 80 characters; at most 64 are allowed"
},
malformed: {
  "id": 5,
  "type": "error",
  "code": "malformed",
  "message": "view: field `tiles[0].height`: invalid type: string \"tall\", expected u16"
},
media_failed: {
  "type": "error",
  "code": "media_failed",
  "message": "the peer connection is over: DTLS closed; join again"
},
no_such_room: {
  "id": 1,
  "type": "error",
  "code": "no_such_room",
  "message": "the room does not exist, and creating it is not allowed: wait until somebody is there, or ask for a token with the grant `create`"
},
node_full: {
  "id": 1,
  "type": "error",
  "code": "node_full",
  "message": "this server has enough to do: join on another one, or try again in a minute"
},
not_allowed: {
  "id": 3,
  "type": "error",
  "code": "not_allowed",
  "message": "publishing `screen` is not allowed: ask for a token with the grant `publish:screen`"
},
not_found: {
  "id": 6,
  "type": "error",
  "code": "not_found",
  "message": "track t_2b7f00e1 is not one of yours"
},
offer_rejected: {
  "id": 2,
  "type": "error",
  "code": "offer_rejected",
  "message": "tracks: the offer has no sendonly section with mid \"7\""
},
rate_limited: {
  "type": "error",
  "code": "rate_limited",
  "message": "more than 50 messages in a second: slow down"
},
replaced: {
  "type": "error",
  "code": "replaced",
  "message": "this participant resumed on another connection"
},
resume_expired: {
  "id": 9,
  "type": "error",
  "code": "resume_expired",
  "message": "the resume token is not known or older than 30 s: join without `resume`"
},
room_full: {
  "id": 1,
  "type": "error",
  "code": "room_full",
  "message": "the room is full: 500 participants are the limit"
},
shutting_down: {
  "type": "error",
  "code": "shutting_down",
  "message": "the server shuts down: join again in a moment"
},
token_expired: {
  "id": 1,
  "type": "error",
  "code": "token_expired",
  "message": "the access token expired 90 s ago: ask for a new one"
},
token_invalid: {
  "id": 1,
  "type": "error",
  "code": "token_invalid",
  "message": "the access token is not signed by a key of this server: sign it with the key that `iss` names, by that key's own algorithm"
},
token_malformed: {
  "id": 1,
  "type": "error",
  "code": "token_malformed",
  "message": "the access token cannot be read: claim `exp` is missing; make a new one (`plenum token create` shows the form)"
},
token_missing: {
  "id": 1,
  "type": "error",
  "code": "token_missing",
  "message": "this server asks for an access token: ask whoever invited you for a link with one, and send it as `token` in `join`"
},
token_not_yet_valid: {
  "id": 1,
  "type": "error",
  "code": "token_not_yet_valid",
  "message": "the access token is valid only in 60 s: try again then, or check the clock of the machine that made it"
},
token_wrong_identity: {
  "id": 12,
  "type": "error",
  "code": "token_wrong_identity",
  "message": "the access token is for another identity: renew with a token for the same one, or join anew with this"
},
token_wrong_room: {
  "id": 1,
  "type": "error",
  "code": "token_wrong_room",
  "message": "the access token is for another room: join the one it names, or ask for a token for this one"
},
too_many_rooms: {
  "id": 1,
  "type": "error",
  "code": "too_many_rooms",
  "message": "this server has as many rooms as it may: 1000; try again later or use another server"
},
unknown_message: {
  "id": 12,
  "type": "error",
  "code": "unknown_message",
  "message": "unknown type \"dance\"; known are: join, offer, publish, unpublish, view, mute, update, participants, leave, ping"
},
wrong_order: {
  "id": 2,
  "type": "error",
  "code": "wrong_order",
  "message": "send `join` first"
},
};
