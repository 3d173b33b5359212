/** Layers in OpenLayers, made from what the server tells of itself. Run in the page. */
/* global ol, proj4 */

/** Teaches OpenLayers projections. @param {Record<string, string>} projections WKT by code */
function register(projections) {
  proj4.defs(Object.entries(projections));
  ol.proj.proj4.register(proj4);
}

/** @param {string} address */
async function readCapabilities(address) {
  const answer = await fetch(address);
  return new ol.format.WMTSCapabilities().read(await answer.text());
}

/**
 * A map of one layer.
 * @param {any} layer @param {{projection: any, center: number[], resolution: number}} view
 */
function show(layer, view) {
  const exact = { constrainResolution: false, constrainOnlyCenter: true, multiWorld: true };
  return new ol.Map({ target: "map", controls: [], layers: [layer], view: new ol.View({ ...view, ...exact }) });
}

/**
 * A map of tiles, whose middle is the corner of one, so that its pixels are theirs.
 * @param {any} source of tiles @param {{zoom: number, column: number, row: number}} corner
 */
function showAligned(source, { zoom, column, row }) {
  const projection = source.getProjection();
  const grid = source.getTileGridForProjection(projection);
  // OpenLayers counts a grid's levels from 0, whatever their ids are.
  const level = grid.getMatrixIds?.().indexOf(String(zoom)) ?? zoom;
  const [west, , , north] = grid.getTileCoordExtent([level, column, row]);
  return show(new ol.layer.Tile({ source }), { projection, center: [west, north], resolution: grid.getResolution(level) });
}

/** Until all is drawn. @param {any} map */
function drawn(map) {
  return new Promise((resolve) => {
    map.once("rendercomplete", () => resolve(null));
    map.render();
  });
}

/** The layer's part of the capabilities. @param {any} capabilities @param {string} layer */
const partOf = (capabilities, layer) => capabilities.Contents.Layer.find(({ Identifier }) => Identifier === layer);

/**
 * One layer by WMTS. `coordinates` changes its dimensions after it was drawn once; `unlisted` is a
 * style that the capabilities do not list.
 * @param {any} args
 */
async function showWmts({ capabilities: address, projections = {}, corner, coordinates, unlisted, ...config }) {
  register(projections);
  const capabilities = await readCapabilities(address);
  // A matrix set that is named at all, be it null, is looked for.
  if (!config.matrixSet) delete config.matrixSet;
  const options = ol.source.WMTS.optionsFromCapabilities(capabilities, { crossOrigin: "anonymous", ...config });
  if (!options) throw new Error(`no options for ${JSON.stringify(config)}`);
  const source = new ol.source.WMTS({ ...options, style: unlisted ?? options.style });
  const map = showAligned(source, corner);
  await drawn(map);
  if (coordinates) {
    source.updateDimensions(coordinates);
    await drawn(map);
  }
  return {
    dimensions: source.getDimensions(),
    encoding: source.getRequestEncoding(),
    set: source.getMatrixSet(),
    style: source.getStyle(),
    projection: source.getProjection().getCode(),
  };
}

/** The legend that the capabilities name for a style, as an image. @param {any} args */
async function showLegend({ capabilities: address, layer, style }) {
  const part = partOf(await readCapabilities(address), layer);
  const { LegendURL: [legend] } = part.Style.find(({ Identifier }) => Identifier === style);
  const image = new Image();
  image.src = legend.href;
  await image.decode();
  document.getElementById("map").append(image);
  // OpenLayers does not read the size.
  const written = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/xml");
  const told = [...written.querySelectorAll("LegendURL")].find((one) => one.getAttribute("xlink:href") === legend.href);
  return {
    told: [Number(told.getAttribute("width")), Number(told.getAttribute("height"))],
    drawn: [image.naturalWidth, image.naturalHeight],
  };
}

/** What the template of GetFeatureInfo answers. @param {any} args */
async function readInfo({ capabilities: address, layer, format, ...named }) {
  const part = partOf(await readCapabilities(address), layer);
  const { template } = part.ResourceURL.find((one) => one.resourceType === "FeatureInfo" && one.format === format);
  const answer = await fetch(template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(named[name])));
  return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
}

/** A layer by WMS, in tiles or as one picture. @param {any} args */
async function showWms({ server, version, projections, inTiles, coordinates, ...view }) {
  register(projections);
  const config = { url: `${server}/wms`, params: { ...coordinates, VERSION: version }, crossOrigin: "anonymous" };
  // A grid of one level, of which a tile begins in the middle of the map.
  const tileGrid = new ol.tilegrid.TileGrid({ origin: view.center, resolutions: [view.resolution] });
  const layer = inTiles
    ? new ol.layer.Tile({ source: new ol.source.TileWMS({ ...config, tileGrid }) })
    : new ol.layer.Image({ source: new ol.source.ImageWMS({ ...config, ratio: 1 }) });
  const map = show(layer, view);
  await drawn(map);
  const info = layer.getSource().getFeatureInfoUrl(view.center, view.resolution, view.projection, { INFO_FORMAT: "application/json" });
  const answer = await fetch(info);
  return { info: await answer.json() };
}

/** A tile set of OGC API by its address; OpenLayers knows few projections by their URI. @param {any} args */
async function showTileset({ url, projections, projection, corner }) {
  register(projections);
  const source = new ol.source.OGCMapTile({ url, projection, crossOrigin: "anonymous" });
  await new Promise((resolve, reject) => {
    source.on("change", () => {
      if (source.getState() === "ready") resolve(null);
      if (source.getState() === "error") reject(new Error(`no tile set at ${url}`));
    });
  });
  await drawn(showAligned(source, corner));
}

/** What OpenLayers reads of a layer in the capabilities of WMS. @param {any} args */
async function readWms({ address, layer: name }) {
  const answer = await fetch(address);
  const { version, Capability } = new ol.format.WMSCapabilities().read(await answer.text());
  const all = (/** @type {any} */ layer) => [layer, ...(layer.Layer ?? []).flatMap(all)];
  const layer = all(Capability.Layer).find(({ Name }) => Name === name);
  const { DCPType: [way] } = Capability.Request.GetMap;
  const { Dimension, Style, EX_GeographicBoundingBox: box, queryable } = layer;
  return {
    version,
    box,
    queryable,
    dimensions: Dimension,
    // OpenLayers hands these on to children, but not to theirs.
    crs: Capability.Layer.CRS,
    styles: Style.map(({ Name }) => Name),
    map: way.HTTP.Get.OnlineResource,
    legend: await fetch(Style[0].LegendURL[0].OnlineResource).then(({ headers }) => headers.get("content-type")),
  };
}
