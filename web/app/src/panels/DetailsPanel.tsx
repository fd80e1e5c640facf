import { useStats } from '../hooks/useStats';
import { useWords } from '../i18n';
import { bitrate, milliseconds, percent, picture, sparkline } from '../logic/format';
import type { Call, SendLayerStats, SlotStats } from '../sdk';
import { useCopy } from '../ui/useCopy';
import './DetailsPanel.css';

const SPARK = { width: 64, height: 18, points: 60 };

function Spark({ values }: { values: readonly number[] | undefined }) {
  if (!values || values.length < 2) return null;
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
      width={SPARK.width}
      height={SPARK.height}
      aria-hidden="true"
    >
      <path d={sparkline(values, SPARK.width, SPARK.height, SPARK.points)} />
    </svg>
  );
}

function Slot({ slot, name, values }: { slot: SlotStats; name: string; values: readonly number[] | undefined }) {
  const { details } = useWords();
  return (
    <tr data-testid="slot-row" data-mid={slot.mid} data-participant={slot.participant ?? ''} data-height={slot.height}>
      <th scope="row">
        <span className="details-name">{name}</span>
        <small>
          {slot.mid} · {slot.source ? details.sources[slot.source] : slot.kind} · {slot.state}
        </small>
      </th>
      <td>
        {slot.kind === 'video' ? picture(slot.width, slot.height, slot.framesPerSecond) : '–'}
        {slot.freezeCount > 0 && <small className="warn">{`${details.freezes} ${slot.freezeCount}`}</small>}
      </td>
      <td>
        {bitrate(slot.bitrate)}
        <Spark values={values} />
      </td>
      <td>
        <span className={slot.loss > 0.03 ? 'warn' : ''}>{percent(slot.loss)}</span>
        <small>{milliseconds(slot.jitterMs)}</small>
      </td>
    </tr>
  );
}

function Layer({ layer, values }: { layer: SendLayerStats; values: readonly number[] | undefined }) {
  const { details } = useWords();
  const limited = layer.limitation !== '' && layer.limitation !== 'none';
  return (
    <tr data-testid="layer-row" data-source={layer.source} data-rid={layer.rid} data-active={layer.active}>
      <th scope="row">
        <span className="details-name">{details.sources[layer.source]}</span>
        {layer.rid !== '' && <small>{`${details.layer} ${layer.rid}`}</small>}
      </th>
      <td>{layer.active ? picture(layer.width, layer.height, layer.framesPerSecond) : details.off}</td>
      <td>
        {bitrate(layer.bitrate)}
        <Spark values={values} />
      </td>
      <td>{limited && <small className="warn">{layer.limitation}</small>}</td>
    </tr>
  );
}

function Connection({ call, history }: { call: Call; history: ReturnType<typeof useStats> }) {
  const { details } = useWords();
  const { now } = history;
  const rows: [string, string][] = [
    [details.state, details.states[call.state]],
    [details.transport, now?.protocol ? now.protocol.toUpperCase() : '–'],
    [details.roundTrip, now?.rttMs == null ? '–' : milliseconds(now.rttMs)],
    [details.outgoing, now?.availableOutgoingBitrate == null ? '–' : bitrate(now.availableOutgoingBitrate)],
  ];
  return (
    <>
      <dl className="details-list">
        {rows.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {now?.localAddress && (
        <p className="details-path">
          {now.localAddress} → {now.remoteAddress} <Spark values={history.rtt} />
        </p>
      )}
    </>
  );
}

function Log({ call }: { call: Call }) {
  const words = useWords();
  const { copied, copy } = useCopy();
  const lines = call.debug();
  return (
    <section>
      <div className="details-head">
        <h3>{words.details.log}</h3>
        <button type="button" className="button plain small" onClick={() => copy(lines.join('\n'))}>
          {copied ? words.copied : words.details.copyAll}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region has to be reachable by keyboard */}
      <pre className="details-log" tabIndex={0} data-testid="debug-log">
        {lines.slice(-200).join('\n')}
      </pre>
    </section>
  );
}

/** What each slot receives and each layer sends: for whoever debugs a call. */
export function DetailsPanel({ call }: { call: Call }) {
  const words = useWords();
  const { details } = words;
  const history = useStats(call);
  const nameOf = (id: string | null) => (id === null ? details.empty : (call.participants.get(id)?.name ?? id));
  const slots = (history.now?.slots ?? []).filter((slot) => slot.participant !== null || slot.bitrate > 0);
  const sending = (history.now?.sending ?? [])
    .filter(({ source }) => call.self.tracks.has(source))
    .sort((a, b) => a.source.localeCompare(b.source) || a.rid.localeCompare(b.rid));
  const head = (first: string, last: string) => (
    <thead>
      <tr>
        <th scope="col">{first}</th>
        <th scope="col">{details.picture}</th>
        <th scope="col">{details.bitrate}</th>
        <th scope="col">{last}</th>
      </tr>
    </thead>
  );
  return (
    <div className="details-body" data-testid="details">
      <Connection call={call} history={history} />
      <section>
        <h3>{details.receiving}</h3>
        {slots.length === 0 ? (
          <p className="details-none">{details.nothingReceived}</p>
        ) : (
          <table>
            {head(details.from, `${details.loss} / ${details.jitter}`)}
            <tbody>
              {slots.map((slot) => (
                <Slot
                  key={slot.mid}
                  slot={slot}
                  name={nameOf(slot.participant)}
                  values={history.slotBitrate.get(slot.mid)}
                />
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section>
        <h3>{details.sending}</h3>
        {sending.length === 0 ? (
          <p className="details-none">{details.nothingSent}</p>
        ) : (
          <table>
            {head(details.layer, details.limited)}
            <tbody>
              {sending.map((layer) => (
                <Layer
                  key={`${layer.source}/${layer.rid}`}
                  layer={layer}
                  values={history.sendBitrate.get(`${layer.source}/${layer.rid}`)}
                />
              ))}
            </tbody>
          </table>
        )}
      </section>
      <Log call={call} />
    </div>
  );
}
