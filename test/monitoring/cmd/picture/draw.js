// Draws the panels into <main>: layout by gridPos, formats and colors by fieldConfig.
const palette = ['#73bf69', '#f2cc0c', '#8ab8ff', '#ff780a', '#f2495c', '#b877d9', '#5794f2', '#ffb357'];
const named = { green: '#73bf69', yellow: '#f2cc0c', blue: '#5794f2', orange: '#ff9830', red: '#f2495c', purple: '#b877d9' };

function add(parent, tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  parent.append(element);
  return element;
}

const trim = (v, digits) => String(Number(v.toFixed(digits)));

function scaled(v, base, names) {
  let i = 0;
  for (; Math.abs(v) >= base && i < names.length - 1; i++) v /= base;
  return String(Number(v.toPrecision(3))) + names[i];
}

const units = {
  percentunit: (v) => trim(v * 100, 2) + '%',
  bytes: (v) => scaled(v, 1024, [' B', ' KiB', ' MiB', ' GiB']),
  ops: (v) => scaled(v, 1000, [' ops/s', 'K ops/s', 'M ops/s']),
  dateTimeAsIso: (v) => new Date(v).toISOString().replace('T', ' ').slice(0, 19),
};
const increments = { count: [1, 2, 5, 10, 20, 50], bytes: [16, 32, 64, 128, 256, 512].map((v) => v * 2 ** 20) };
const format = (unit) => units[unit] ?? ((v) => trim(v, 3));

// What the panel's overrides say of a field.
function properties(panel, name) {
  const found = {};
  for (const { matcher, properties } of panel.FieldConfig.overrides ?? []) {
    const matches = matcher.id === 'byRegexp' ? new RegExp(matcher.options).test(name) : matcher.options === name;
    if (matches) for (const p of properties) found[p.id] = p.value;
  }
  return found;
}

function stat(panel, section) {
  const { unit, thresholds } = panel.FieldConfig.defaults;
  const step = thresholds.steps.filter((s) => s.value === null || panel.Value >= s.value).at(-1);
  add(section, 'div', format(unit)(panel.Value), 'stat').style.color = named[step.color];
}

function table(panel, section) {
  const { Columns, Rows } = panel.Table;
  if (!Rows?.length) return add(section, 'p', panel.FieldConfig.defaults.noValue ?? 'No data', 'note');
  const body = add(section, 'table');
  const head = add(body, 'tr');
  const numeric = (column) => Rows.every((row) => typeof row[column] === 'number') && !properties(panel, column).unit && !properties(panel, column).mappings;
  for (const column of Columns) add(head, 'th', column, numeric(column) ? 'number' : '');
  for (const row of Rows) {
    const line = add(body, 'tr');
    for (const column of Columns) {
      const { unit, mappings } = properties(panel, column);
      const value = row[column] ?? '';
      const mapped = mappings?.[0].options[value];
      const cell = add(line, 'td', mapped?.text ?? (typeof value === 'number' ? format(unit)(value) : value), numeric(column) ? 'number' : '');
      if (mapped) cell.style.color = named[mapped.color];
    }
  }
}

function chart(panel, section, width, height) {
  const holder = add(section, 'div');
  const { unit, custom } = panel.FieldConfig.defaults;
  const bars = custom.drawStyle === 'bars';
  const series = [...(panel.Series ?? [])].sort((a, b) => a.Name.localeCompare(b.Name));
  const times = [];
  for (let t = from; t <= to; t += 120) times.push(t);
  const values = series.map((s) => {
    const at = new Map(s.Points);
    return times.map((t) => at.get(t) ?? null);
  });
  // Stacked: each is drawn from the ground, the highest first.
  const stacked = values.map((own, i) => own.map((v, t) => (v === null ? null : values.slice(0, i + 1).reduce((sum, s) => sum + (s[t] ?? 0), 0))));
  const color = (i) => named[properties(panel, series[i].Name).color?.fixedColor] ?? palette[i % palette.length];
  const alpha = Math.round((custom.fillOpacity / 100) * 255).toString(16).padStart(2, '0');
  const legend = add(section, 'div', undefined, 'legend');
  series.forEach((s, i) => {
    const entry = add(legend, 'span');
    add(entry, 'i').style.background = color(i);
    entry.append(s.Name);
  });
  const order = series.map((_, i) => i).reverse();
  const axis = { stroke: '#9a9ba8', grid: { stroke: '#24272d', width: 1 }, ticks: { show: false }, font: '12px Inter, "DejaVu Sans", sans-serif' };
  new uPlot(
    {
      width, height: height - legend.offsetHeight, legend: { show: false }, cursor: { show: false }, tzDate: (t) => uPlot.tzDate(new Date(t * 1000), 'Etc/UTC'),
      scales: {
        x: { range: [from, to] },
        y: { range: (_, low, high) => [0, Math.max(high * 1.1, bars ? 1 : 0) || 1] },
      },
      axes: [
        { ...axis, size: 28, gap: 8, values: (_, ticks) => ticks.map((t) => new Date(t * 1000).toISOString().slice(11, 16)) },
        { ...axis, size: 78, values: (_, ticks) => ticks.map(format(unit)), incrs: increments[bars ? 'count' : unit] },
      ],
      series: [
        {},
        ...order.map((i) => ({
          stroke: color(i), fill: color(i) + (bars ? 'ff' : alpha), width: custom.lineWidth * 1.5, points: { show: false },
          paths: bars ? uPlot.paths.bars({ size: [1, 4, 3], align: 0 }) : undefined,
        })),
      ],
    },
    [times, ...order.map((i) => (bars ? stacked : values)[i])],
    holder,
  );
}

function logs(panel, section) {
  for (const { Time, Text } of panel.Lines ?? []) {
    const line = add(section, 'div', undefined, 'line');
    add(line, 'b', Time + '  ');
    line.append(JSON.stringify(JSON.parse(Text), null, 2));
  }
}

const column = (width - gap) / 24;
for (const panel of panels) {
  const { X, Y, W, H } = panel.GridPos;
  const section = add(document.querySelector('main'), 'section', undefined, panel.Type);
  const size = { left: gap + X * column, top: Y * (cell + gap), width: W * column - gap, height: H * (cell + gap) - gap };
  for (const side in size) section.style[side] = size[side] + 'px';
  add(section, 'h2', panel.Title);
  if (panel.Note) add(section, 'p', panel.Note + ' ', 'note');
  if (panel.Query) add(section.lastChild, 'code', panel.Query);
  else if (panel.Type === 'stat') stat(panel, section);
  else if (panel.Type === 'table') table(panel, section);
  else if (panel.Type === 'logs') logs(panel, section);
  else if (panel.Type === 'timeseries') chart(panel, section, size.width - 18, size.height - 36);
}
