// Of Apache ECharts only what the charts need.

import {use} from 'echarts/core';
import {BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart} from 'echarts/charts';
import {AriaComponent, GridComponent, TooltipComponent, VisualMapContinuousComponent} from 'echarts/components';
import {SVGRenderer} from 'echarts/renderers';

use([
  AriaComponent, BarChart, CustomChart, GridComponent, HeatmapChart, LineChart, ScatterChart, SVGRenderer, TooltipComponent,
  VisualMapContinuousComponent
]);

export {init} from 'echarts/core';
