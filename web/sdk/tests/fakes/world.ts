import { afterEach, beforeEach, vi } from 'vitest';
import type { Call, ConnectOptions } from '../../src/api.ts';
import { connect } from '../../src/connect.ts';
import { FakePeerConnection } from './peer.ts';
import { FakeServer } from './server.ts';
import { FakeWebSocket } from './websocket.ts';

const AUDIO = ['audio/opus', 'audio/red', 'audio/G722', 'audio/PCMU', 'audio/telephone-event'];
const VIDEO = ['video/VP8', 'video/rtx', 'video/VP9', 'video/H264', 'video/AV1', 'video/red', 'video/ulpfec'];
/** Formats of H.264 as Chromium lists them: only the second is one of ours. */
const H264_FORMATS = ['42e01f;packetization-mode=0', '42e01f;packetization-mode=1', '4d001f;packetization-mode=1'];

const capabilities = {
  getCapabilities: (kind: string) => ({
    codecs: (kind === 'audio' ? AUDIO : VIDEO).flatMap((mimeType) =>
      mimeType === 'video/H264'
        ? H264_FORMATS.map((format) => ({ mimeType, sdpFmtpLine: `profile-level-id=${format}` }))
        : [{ mimeType }],
    ),
  }),
};

/** The fakes of one test. */
export interface World {
  server: FakeServer;
  /** Joins room `demo` with 3 video and 3 audio slots. */
  join(options?: Partial<ConnectOptions>): Promise<Call>;
  pc(): FakePeerConnection;
  socket(): FakeWebSocket;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** The stored items of `localStorage`. */
  storage: Map<string, string>;
}

/** Installs fakes and virtual time around each test of a file. */
export function useWorld(): World {
  const world = {} as World;
  beforeEach(() => {
    vi.useFakeTimers();
    FakeWebSocket.all = [];
    FakeWebSocket.down = false;
    FakePeerConnection.all = [];
    FakePeerConnection.connects = true;
    world.server = new FakeServer();
    world.storage = new Map();
    FakeWebSocket.server = world.server.handle;
    vi.stubGlobal('WebSocket', FakeWebSocket);
    vi.stubGlobal('RTCPeerConnection', FakePeerConnection);
    vi.stubGlobal('RTCRtpSender', capabilities);
    vi.stubGlobal('RTCRtpReceiver', capabilities);
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => world.storage.get(key) ?? null,
      setItem: (key: string, value: string) => world.storage.set(key, value),
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  world.pc = () => FakePeerConnection.last;
  world.socket = () => FakeWebSocket.last;
  world.pass = async (ms) => {
    await vi.advanceTimersByTimeAsync(ms);
  };
  world.join = async (options = {}) => {
    const joining = connect({
      url: 'ws://test/signal',
      room: 'demo',
      name: 'Ada',
      videoSlots: 3,
      audioSlots: 3,
      ...options,
    });
    joining.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(100);
    return await joining;
  };
  return world;
}
