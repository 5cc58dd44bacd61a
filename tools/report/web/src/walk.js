// Arrow keys walk from point to point; what is there is read out.

/** Of a row the place nearest to a position. */
function nearest(row, at) {
  let best = 0;
  row.forEach((stop, i) => {
    if (Math.abs(stop.at - at) < Math.abs(row[best].at - at)) best = i;
  });
  return best;
}

/** @param {import('./chart.js').Chart} chart */
export function initialize_walk(chart) {
  let [row, place, began] = [0, 0, false];

  const show = () => {
    const stop = chart.stops[row][place];
    chart.readout.textContent = stop.text;
    chart.echarts.dispatchAction({type: 'showTip', seriesIndex: stop.series, dataIndex: stop.index});
  };
  const leave = () => {
    chart.readout.textContent = '';
    chart.echarts.dispatchAction({type: 'hideTip'});
    chart.echarts.dispatchAction({type: 'updateAxisPointer', currTrigger: 'leave'});
    began = false;
  };
  const change_row = by => {
    const at = chart.stops[row][place].at;
    row = Math.min(Math.max(row + by, 0), chart.stops.length - 1);
    place = nearest(chart.stops[row], at);
  };
  const change_place = by => (place = Math.min(Math.max(place + by, 0), chart.stops[row].length - 1));
  const moves = {
    ArrowLeft: () => change_place(-1),
    ArrowRight: () => change_place(1),
    ArrowUp: () => change_row(-1),
    ArrowDown: () => change_row(1),
    Home: () => change_place(-Infinity),
    End: () => change_place(Infinity),
    PageUp: () => chart.choose_frame?.(chart.frame - 1),
    PageDown: () => chart.choose_frame?.(chart.frame + 1)
  };

  chart.canvas.addEventListener('keydown', event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'Escape') return leave();
    const move = moves[event.key];
    if (!move || (event.key.startsWith('Page') && !chart.choose_frame)) return;
    event.preventDefault();
    if (!chart.stops.length) {
      chart.readout.textContent = 'There are no points.';
      return;
    }
    row = Math.min(row, chart.stops.length - 1); // the legend may have taken some away
    place = Math.min(place, chart.stops[row].length - 1);
    if (began || event.key.startsWith('Page') || event.key === 'End') move();
    began = true;
    row = Math.min(row, chart.stops.length - 1);
    place = Math.min(place, chart.stops[row].length - 1);
    show();
  });
  chart.canvas.addEventListener('blur', leave);
}
