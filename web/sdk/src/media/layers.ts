import type { Source, VideoCodec } from '../api.ts';
import type { LayerDescription } from '../gen/protocol.ts';

/** With the field of webrtc-svc. */
type ScalableEncoding = RTCRtpEncodingParameters & { scalabilityMode?: string };

/** One simulcast encoding as the camera's section is offered with, lowest quality first. */
export interface Layer {
  /** Simulcast rid (RFC 8851); empty without simulcast. */
  rid: string;
  /** The picture's sides are divided by this. */
  scale: number;
  /** Bits per second. */
  maxBitrate: number;
  /** `scalabilityMode` of the encoding (webrtc-svc); absent: the browser's own. */
  scalability?: string;
}

const QUARTER: Layer = { rid: 'q', scale: 4, maxBitrate: 150_000 };
const HALF: Layer = { rid: 'h', scale: 2, maxBitrate: 500_000 };
const FULL: Layer = { rid: 'f', scale: 1, maxBitrate: 1_700_000 };

/** What the camera's section is offered with. */
export const CAMERA_LAYERS: readonly Layer[] = [QUARTER, HALF, FULL];

/**
 * A screen has one layer: its text must be readable or it is of no use, and simulcast of a large picture costs the
 * sender more than anything else in a call.
 */
export const SCREEN_LAYERS: readonly Layer[] = [{ rid: '', scale: 1, maxBitrate: 2_500_000 }];

/** libwebrtc sends three layers only from this height on (its simulcast format table), and two from the lower one. */
const THREE_LAYERS_HEIGHT = 540;
const TWO_LAYERS_HEIGHT = 270;

/**
 * The layers for a picture of this height. A small camera has fewer: the top layer is always the full picture, on the
 * highest rid that the browser will really send.
 */
export function planLayers(source: Source, height: number, codec: VideoCodec = 'vp8'): Layer[] {
  if (source === 'screen') return [...SCREEN_LAYERS];
  if (source !== 'camera') return [];
  // These have simulcast only with a mode for each encoding: VP9 would be sent as SVC, and AV1 in the top layer alone.
  if (codec === 'vp9' || codec === 'av1') return simulcast(height).map((layer) => ({ ...layer, scalability: 'L1T3' }));
  return simulcast(height);
}

function simulcast(height: number): Layer[] {
  if (height >= THREE_LAYERS_HEIGHT || height === 0) return [...CAMERA_LAYERS];
  if (height >= TWO_LAYERS_HEIGHT) {
    return [
      { ...QUARTER, scale: 2 },
      { ...HALF, scale: 1, maxBitrate: 700_000 },
    ];
  }
  return [{ ...QUARTER, scale: 1, maxBitrate: 250_000 }];
}

/** The layers as the server is told. `height` 0 (not known yet) counts as 720. */
export function describeLayers(layers: readonly Layer[], height: number): LayerDescription[] {
  const full = height > 0 ? height : 720;
  return layers.map((layer) => ({
    rid: layer.rid,
    height: Math.max(1, Math.round(full / layer.scale)),
    max_bitrate: layer.maxBitrate,
  }));
}

/** The browser keeps a mode once set, and three temporal layers are what it sends of VP8 anyway. */
function applyScalability(encoding: ScalableEncoding, layer: Layer): boolean {
  const mode = layer.scalability ?? (encoding.scalabilityMode === undefined ? undefined : 'L1T3');
  if (mode === undefined || encoding.scalabilityMode === mode) return false;
  encoding.scalabilityMode = mode;
  return true;
}

/**
 * Sets each encoding as the plan and the wish of the watchers say. `wanted` null: nobody told yet, so all are sent.
 * Returns whether anything changed.
 */
export function applyLayers(
  encodings: ScalableEncoding[],
  layers: readonly Layer[],
  wanted: ReadonlySet<string> | null,
): boolean {
  let changed = false;
  for (const encoding of encodings) {
    const layer = layers.find(({ rid }) => rid === (encoding.rid ?? ''));
    const active = layer !== undefined && (wanted === null || wanted.has(layer.rid));
    if ((encoding.active ?? true) !== active) {
      encoding.active = active;
      changed = true;
    }
    if (!layer) continue;
    if ((encoding.scaleResolutionDownBy ?? 1) !== layer.scale) {
      encoding.scaleResolutionDownBy = layer.scale;
      changed = true;
    }
    if (encoding.maxBitrate !== layer.maxBitrate) {
      encoding.maxBitrate = layer.maxBitrate;
      changed = true;
    }
    if (applyScalability(encoding, layer)) changed = true;
  }
  return changed;
}
