import type { Source, VideoCodec } from '../api.ts';
import { type ChannelLabel, type ChannelListener, DataChannel } from '../data/channel.ts';
import type { DebugLog } from '../debug.ts';
import { CallError } from '../errors.ts';
import type { IceServer, OfferedTrack } from '../gen/protocol.ts';
import { withoutUdpCandidates } from './sdp.ts';
import { addPublishSections, addSlotSections } from './sections.ts';
import type { PublishSection } from './sender.ts';
import { type Slot, Slots } from './slots.ts';

/** Hands an offer to the server and returns its answer. */
export type Exchange = (sdp: string, tracks: OfferedTrack[]) => Promise<string>;

export interface PeerOptions {
  iceServers: readonly IceServer[];
  videoSlots: number;
  audioSlots: number;
  transport: 'all' | 'tcp';
  videoCodec: VideoCodec;
}

export interface PeerListener extends ChannelListener {
  connection(state: RTCPeerConnectionState): void;
  /** New slots were negotiated. */
  slots(added: readonly Slot[]): void;
}

/** Our end of the one PeerConnection: its sections, slots and channels. Only we offer. */
export class Peer {
  readonly pc: RTCPeerConnection;
  readonly publish: ReadonlyMap<Source, PublishSection>;
  readonly slots = new Slots();
  readonly channels: Readonly<Record<ChannelLabel, DataChannel>>;
  transport: 'all' | 'tcp';
  /** Whether ICE and DTLS were done once. */
  wasConnected = false;
  readonly #listener: PeerListener;
  readonly #log: DebugLog;
  #negotiation: Promise<unknown> = Promise.resolve();
  #offers = 0;
  /** Slots offered and not answered yet. */
  readonly #fresh: Slot[] = [];

  constructor(options: PeerOptions, listener: PeerListener, log: DebugLog) {
    this.#listener = listener;
    this.#log = log;
    this.transport = options.transport;
    this.pc = new RTCPeerConnection({
      iceServers: options.iceServers.map((server) => ({ ...server })),
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
    });
    this.#watch();
    this.publish = addPublishSections(this.pc, log, options.videoCodec);
    addSlotSections(this.pc, options.videoSlots, options.audioSlots);
    this.channels = {
      reliable: new DataChannel(this.pc, 'reliable', listener, log),
      lossy: new DataChannel(this.pc, 'lossy', listener, log),
    };
  }

  /** Offers what there is now. One negotiation after the other. */
  negotiate(exchange: Exchange, options: { iceRestart?: boolean } = {}): Promise<void> {
    const done = this.#negotiation.then(() => this.#negotiate(exchange, options.iceRestart ?? false));
    this.#negotiation = done.catch(() => undefined);
    return done;
  }

  /** Appends slots; they work after the next negotiation. */
  addSlots(video: number, audio: number): void {
    addSlotSections(this.pc, video, audio);
  }

  /** The section that publishes a source. */
  section(source: Source): PublishSection {
    const section = this.publish.get(source);
    if (!section) throw new CallError('invalid_value', `There is no section for ${source}.`);
    return section;
  }

  /** Whether ICE found a path but the DTLS handshake over it failed: the case that `compat` exists for. */
  get handshakeFailed(): boolean {
    return this.pc.getTransceivers().some(({ sender, receiver }) => {
      const transport = sender.transport ?? receiver.transport;
      return transport?.state === 'failed' && transport.iceTransport?.state !== 'failed';
    });
  }

  close(): void {
    this.pc.onconnectionstatechange = null;
    this.channels.reliable.close();
    this.channels.lossy.close();
    this.pc.close();
  }

  async #negotiate(exchange: Exchange, iceRestart: boolean): Promise<void> {
    this.#offers += 1;
    const name = `offer ${this.#offers}${iceRestart ? ' (ICE restart)' : ''}`;
    // A former offer that got no answer is simply replaced by this one (RFC 8829 §5.2.2).
    const offer = await this.pc.createOffer({ iceRestart });
    await this.pc.setLocalDescription(offer);
    this.#log.add('negotiation', `${name}: sent, ${offer.sdp?.length ?? 0} bytes`);
    this.#fresh.push(...this.slots.add(this.#slotSections()));
    try {
      const answer = await exchange(offer.sdp ?? '', this.#offeredTracks());
      const sdp = this.transport === 'tcp' ? withoutUdpCandidates(answer) : answer;
      await this.pc.setRemoteDescription({ type: 'answer', sdp });
      this.#log.add('negotiation', `${name}: answered, ${answer.length} bytes`);
    } catch (error) {
      this.#log.add('negotiation', `${name}: failed: ${error instanceof Error ? error.message : error}`);
      throw error;
    }
    const fresh = this.#fresh.splice(0);
    if (fresh.length > 0) this.#listener.slots(fresh);
  }

  #slotSections(): RTCRtpTransceiver[] {
    return this.pc.getTransceivers().filter(({ direction }) => direction === 'recvonly');
  }

  #offeredTracks(): OfferedTrack[] {
    return [...this.publish.values()].flatMap(({ mid, source }) => (mid === null ? [] : [{ mid, source }]));
  }

  #watch(): void {
    const { pc } = this;
    pc.onsignalingstatechange = () => this.#log.add('negotiation', `signaling state ${pc.signalingState}`);
    pc.onicegatheringstatechange = () => this.#log.add('ice', `gathering ${pc.iceGatheringState}`);
    pc.oniceconnectionstatechange = () => this.#log.add('ice', pc.iceConnectionState);
    pc.onicecandidateerror = (event) => this.#log.add('ice', `candidate error ${event.errorCode} ${event.errorText}`);
    pc.onconnectionstatechange = () => {
      this.#log.add('dtls', `connection ${pc.connectionState}`);
      if (pc.connectionState === 'connected') this.wasConnected = true;
      this.#listener.connection(pc.connectionState);
    };
  }
}
